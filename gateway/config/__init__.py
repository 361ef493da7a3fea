"""The configuration file: its shape, its reading, its mistakes."""
