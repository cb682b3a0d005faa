"""How a log is read: one idea a module, from bytes to a table's columns.

`read.open_log` is the way in: it looks at every byte once, decides how each column is read, and
says why (`record.Reading`); `rows` then gives the values. The modules from the ground:
`source` (bytes to text), `form` (delimiter, header, units), `numbers`, `stamps` and `steps`
(time), `evidence` and `scan` (what whole columns show), `clock`, `labels` and `roles` (what each
column is), `layout` (long format, groups, several files), `rows`, `canonical` (writing).
"""
