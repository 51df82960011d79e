"""What the sandbox's language models write: everything is cut or made from the request, nothing is canned.

The same request always gives the same text, so a broken answer can be continued and compared.
"""
