"""Which answers may be kept and given to others, and what they say then: RFC 9111, decided purely.

An answer is kept only if everything of the request that it was made from is in its key.
"""
