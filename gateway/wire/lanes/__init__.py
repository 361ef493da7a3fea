"""Where text stands in requests and answers, dialect by dialect, and how it is written back.

Of a request `places` tells the text that the caller sends, and what in it cannot be read. Of an answer the lanes tell what the
caller will join.
"""
