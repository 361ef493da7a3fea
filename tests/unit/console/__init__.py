"""The parts of the console, each by itself."""
