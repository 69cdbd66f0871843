"""Where exchanges live: readers for every log format, and one Store over two engines."""
