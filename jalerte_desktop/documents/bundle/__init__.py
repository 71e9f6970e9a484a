"""The evidence bundle: one ZIP with report, incidents, the chain's records and what is needed to check them.

What ``check`` asks of a bundle's contents, beyond what ``archive``, ``manifest`` and ``records`` write:

- ``incidents.json`` is ``{"incidents": [{"id": …, "records": [[first, last], …], …}, …], …}``: numbers of records, both
  included; each range begins and ends with a batch, and every batch in it is in the chain with its samples, unless
  ``removed.json`` (an object) has it in ranges of the same form under its key ``records``.
- ``incidents.csv`` (UTF-8, one head row) has the same ids in the same order in its column ``id``, and the same ranges
  in its column ``records``, as ``12-40 45-45``.
- ``rollups.csv.gz`` and ``samples.csv.gz`` (one head row, no line breaks within a cell) have ``record`` as their first
  column: the number of a batch whose ``rollup`` or ``samples`` the chain shows, never falling from row to row.
  ``samples.csv.gz`` has one row for each sample shown.
- ``stamps/NNNNNNNN.tsr`` and ``.link`` come in pairs; the number is the dated link's record, at least eight digits.
"""
