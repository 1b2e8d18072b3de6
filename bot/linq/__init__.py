"""The Linq door: memobridge's words into Linq's API, and Linq's words into memobridge's.

``limits`` says what Linq takes and ``verdicts`` what its refusals mean; ``shapes`` and ``parse`` read what it says;
``client`` and ``upload`` talk to it; ``webhooks`` is where it talks to us, by a ``subscription``.
"""
