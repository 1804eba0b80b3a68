"""Words made into sound files, once."""

from .store import PromptStore

__all__ = ["PromptStore"]
