"""Answers kept and given to others: ``[[cache.response]]``; standard library only.

Looking up happens before the framework is called; whether an answer is kept is decided after it
was made, by what the framework's doors saw being read meanwhile.
"""
