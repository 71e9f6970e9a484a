"""The evidence bundle: one ZIP with report, incidents, the chain's records and what is needed to check them.

What ``check`` asks of a bundle's contents, beyond what ``archive``, ``manifest`` and ``records`` write:

- ``incidents.json`` is ``{"incidents": [{"id": …, "records": [[first, last], …], …}, …], …}``: numbers of records, both
  included; each range begins and ends with a batch, and every batch in it is in the chain with its samples, unless
  ``removed.json`` (an object) has it in ranges of the same form under its key ``records``.
- ``incidents.json`` has ``period`` and ``line`` as ``bundle.json`` does, ``removed.json`` its ``copy`` and ``rules``.
- ``removed.json`` has under ``hidden`` how often each field of each type is a digest alone, and accounts for each
  under ``taken_out``, or as a quiet or an old minute.
- A field ``made_up`` of any record is shown, and makes the bundle one of made-up data (``demo``).
- ``incidents.csv`` is what ``rows.incidents_table`` writes of these incidents, byte for byte.
- ``rollups.csv.gz`` and ``samples.csv.gz`` are what ``rows.rollup_rows`` and ``rows.sample_rows`` write of the chain's
  records, byte for byte; whom numbers stand for is in ``bundle.json`` (``targets``), which may not contradict the
  chain's own ``targets`` records.
- Records that could not be read are a *hole* in the chain, named in ``bundle.json`` (``holes``); behind each comes a
  seal before the next one or the end.
- ``stamps/NNNNNNNN.tsr`` and ``.link`` come in pairs; the number is the dated link's record, at least eight digits.
"""
