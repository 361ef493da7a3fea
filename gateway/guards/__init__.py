"""What finds things in text and edits it: pure, synchronous, and the same for a whole text and for a stream."""
