"""
The finance team's tables on their way between the CSV beside a mapping, Excel and a person's eyes.

``waiting`` finds what needs a row or a name, ``to_excel`` writes a workbook, ``sheet`` reads one, ``difference`` says
what an import would change, and ``saved`` keeps everything else of the CSV as it was.
"""
