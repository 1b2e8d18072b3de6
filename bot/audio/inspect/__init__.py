"""What is a file, how long does it sound, and may it pass as it is? ``sniff`` and ``mpeg`` are plain Python, the rest
needs FFmpeg."""
