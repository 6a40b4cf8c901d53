"""Whether a model file loads in a reader, judged by what lies in the file.

``readers`` understands who reads, ``registry`` lists the rules, ``verdict`` applies them.
"""
