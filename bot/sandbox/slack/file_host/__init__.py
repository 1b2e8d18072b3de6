"""The file host: the bytes of files, for those who bring the token, and the bytes of uploads."""
