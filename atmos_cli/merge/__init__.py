"""Three-way merge of generated files that people edit.

Base is what was generated last, ours the files as they are, theirs what is generated now.
"""
