"""The JSON Schemas of all documents that commands print, as files beside this one."""
