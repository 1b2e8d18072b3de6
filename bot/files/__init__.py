"""Files that are no voice messages: what a network takes as it is, what needs a copy, what it cannot take."""

from bot.files.converter import AttachmentConverter, FileRules

__all__ = ["AttachmentConverter", "FileRules"]
