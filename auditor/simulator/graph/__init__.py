"""Resource Graph: the estate as rows of a few tables, over which any KQL is executed.

``rows`` says what a row is, ``resources`` and ``containers`` make the rows of an estate, ``tables`` holds them and runs
queries, ``paging`` cuts answers into pages, ``refusals`` are the service's errors. Nothing here knows a query by its
text.
"""
