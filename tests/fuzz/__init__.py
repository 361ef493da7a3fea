"""`make fuzz`: random texts and chunkings over every shipped filter."""
