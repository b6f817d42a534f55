"""What ``connector help CODE`` says of every code that no other room's table has, and the exit codes."""

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES", "EXIT_CODES"]

_BUG: Final = (
    "The connector was about to break one of its own rules and stopped before it did. Nothing was sent by this step. "
    "Report it with the trace file named beside the message. The books are safe; other sources go on."
)

_ROW: Final = (
    "Open the CSV that the mapping names under tables (mappings/NAME.vendors.csv beside the mapping) and add a row, "
    "like this one:\n"
    "    affiliate_id,affiliate_name,vendor,account,class\n"
    "    70112,Foo Media,Foo Media (70112),Affiliate payouts:US,US\n"
    "A vendor name that QuickBooks does not have yet is enough: with   vendor not in QuickBooks: create   under policy "
    "the vendor is made. Then run: connector sync"
)

CODES: Final[Mapping[str, tuple[str, str]]] = {
    # Runs.
    "lock-held": (
        "another run writes for this company",
        "One process at a time writes for a company. The message says who. Wait for it, or stop it; exit code 7.",
    ),
    "plan-outdated": (
        "the saved plan no longer holds",
        (
            "An invoice, a mapping, a table or a document in QuickBooks changed since the plan was saved. Nothing was "
            "written. Make the plan again: connector plan -o FILE."
        ),
    ),
    "disk-full": ("the disk is full", "Make room, then run again. Nothing was advanced and nothing is lost."),
    "consent-missing": (
        "nobody can be asked",
        (
            "Without a terminal, and with --json, sync needs --yes, or --plan FILE with a saved plan; table import and "
            "what else asks shows what it would do, writes nothing, and needs --yes."
        ),
    ),
    "options-contradict": ("two options contradict each other", "Leave one of them out; the message names both."),
    "period-invalid": ("this is no accounting month", "Write it like 2026-10."),
    "since-invalid": ("this says no day", "Write a date (2026-10-01), a number of days (30d), or last-month."),
    "source-unknown": (
        "the settings have no such source",
        "--source takes the NAME of a [sources.NAME] section; the message lists them.",
    ),
    "invoice-unknown": (
        "no source has such an invoice",
        "Write the source's own id, source:id, or the bill's number. Invoices older than the look-back need --period.",
    ),
    "record-of-several": (
        "a record that several sources could have sent",
        (
            "preview of a file asks every source of the settings whether it would take the record. Where more than one "
            "would, say which of their mappings is meant: connector preview FILE.json --source NAME"
        ),
    ),
    "record-of-none": (
        "a record that no source takes",
        (
            "preview of a file takes one invoice as its source sends it, as JSON. The message says what each source of "
            "the settings misses in this one."
        ),
    ),
    "example-not-saved": (
        "the invoice was not made an example",
        (
            "preview --save writes its record to examples/ beside the mapping, and what comes out of it to the end of "
            "the mapping's examples. Nothing that is there is overwritten; a mapping that has faults is left alone."
        ),
    ),
    "nothing-to-compare": (
        "there is no mapping that a run has used",
        (
            "diff puts the mapping as it stands beside that of the last run that wrote, over the invoices seen. Until "
            "one has run, look at single invoices: connector preview."
        ),
    ),
    "plan-unreadable": (
        "the file is no saved plan",
        "It was cut off, edited or made by another program. Make it again: connector plan -o FILE.",
    ),
    "limit-exceeded": (
        "the run would pass a limit of the settings",
        (
            "[limits] max_bills and max_total count creations and increases, per run over all sources. Nothing was "
            "written, exit code 8. Look at the plan; if it is right, raise the limit, or take less with --source or "
            "--period."
        ),
    ),
    "lock-unreachable": (
        "the lock file cannot be used",
        "It stands beside the state. Put the state in a folder of this machine that the user who runs this may write.",
    ),
    "realm-id": ("the company id is none", "Copy it from QuickBooks (Settings, Account, Billing): digits only."),
    # Sources.
    "source-key-refused": (
        "a source does not accept its key",
        "Ask the source for a new key and set it; exit code 4. Nothing was advanced, and the other sources go on.",
    ),
    "source-refused": (
        "a source refused our request",
        (
            "It is not the key: the address is wrong, it sends us elsewhere, or it does not take a parameter. Check "
            "base_url. Nothing was advanced."
        ),
    ),
    "amount-unreadable": (
        "an amount of the invoice cannot be read",
        "The source sent nothing or no plain number. The invoice is held; it is mended at the source.",
    ),
    "date-unreadable": (
        "a date of the invoice cannot be read",
        "The source sent nothing or no date. The invoice is held; it is mended at the source.",
    ),
    "totals-differ": (
        "the invoice's own amounts do not add up",
        "Net and tax are not the total that the source names. The invoice is held; it is mended at the source.",
    ),
    # QuickBooks.
    "currency-not-enabled": (
        "the company has no other currency than its own",
        (
            "Switch on multicurrency in QuickBooks (it stays on for good), or leave invoices in other currencies out "
            "in the mapping."
        ),
    ),
    "tax-not-enabled": (
        "the mapping names a tax code and the company works out no sales tax",
        (
            "QuickBooks would drop the code without a word, and the bill would lack its tax. Set sales tax (GST, VAT) "
            "up in QuickBooks, or take the tax box out of the mapping's lines."
        ),
    ),
    "vendor-missing": (
        "QuickBooks has no such vendor",
        (
            "The mapping's policy holds such invoices. Add the vendor in QuickBooks, name another one in the table, or "
            "set in policy: vendor not in QuickBooks: create."
        ),
    ),
    "source-type": (
        "there is no source of this type",
        (
            "type under [sources.NAME] names the kind of system: cake or commission_factory, or one that a further "
            "package registered under connector.sources."
        ),
    ),
    "source-down": (
        "a source cannot be reached or fails",
        "Nothing was advanced. The next run reads the same days again; exit code 5.",
    ),
    "source-throttled": (
        "a source asks to slow down",
        (
            "Its limit is used up, by this process or by another one on this machine. Nothing was advanced. If it "
            "happens often, choose a slower schedule for this source."
        ),
    ),
    "source-incomplete": (
        "a source gave fewer invoices than it announced",
        (
            "An incomplete pull decides nothing, because a missing invoice would look like one that was deleted. The "
            "next run reads again."
        ),
    ),
    "source-moving": (
        "a source's list kept changing while it was read",
        "It was read three times. Nothing was advanced; run again.",
    ),
    "source-shape": (
        "a source answered in another shape than it documents",
        (
            "The message names the keys that were seen. Check base_url; if it is right, the source has changed and the "
            "connector must learn it. Nothing was advanced."
        ),
    ),
    # Bugs that stop before they do harm.
    **dict.fromkeys(
        (
            "attempt-finished",
            "lock-twice",
            "not-conserved",
            "send-without-lock",
            "state-constraint",
            "document-column",
            "move-forbidden",
            "other-company",
            "request-changed",
            "send-in-transaction",
            "send-without-intent",
            "sent-without-id",
            "sending-without-request",
            "state-number",
            "window-reversed",
            "write-in-read",
        ),
        ("a rule of the connector would have been broken", _BUG),
    ),
    # What becomes of a document.
    "before-start": (
        "the invoice is dated before start_date",
        "Nothing dated earlier than start_date of its source is ever posted. Such bills were entered by hand.",
    ),
    "changed-at-source": (
        "the invoice changed at its source after it was posted",
        (
            "Its amount, currency, date or payee is another one now. The mapping's policy says what happens: update "
            "the bill while it is unpaid, unedited and in open books, or hold it for a person. The reason says what "
            "spoke against it. A bill that was found in QuickBooks after the state was lost is never changed by itself."
            " Of a payment: the source no longer says that the invoice is paid; what was recorded stands."
        ),
    ),
    "voided-at-source": (
        "the invoice was voided at its source after it was posted",
        (
            "The mapping's policy says what happens: delete the bill while it is unpaid, unedited and in open books; "
            "or credit: leave the bill as it stands, paid or not, and make one vendor credit that takes it back, with "
            "the same lines and amounts and the bill's number with -V behind it; or hold it for a person. What was a "
            "vendor credit itself is always held."
        ),
    ),
    "voided-at-source-paid": (
        "the invoice was voided at its source, and its bill is paid",
        "Money has left. A person decides: a vendor credit (the policy can make it: credit), or nothing.",
    ),
    "credit-number": (
        "the vendor credit of a voided invoice would have too long a number",
        "It is the bill's with -V behind it, and QuickBooks takes 21 characters. Enter the credit by hand.",
    ),
    "gone-at-source": (
        "the source no longer has the invoice",
        "A complete pull over its dates did not hold it. It is held and never removed by itself.",
    ),
    "live-again": (
        "the invoice was voided, or its run taken back, and is live again",
        "Its bill is gone (decide: connector review), or a vendor credit took it back (if owed, delete that one).",
    ),
    "edited-in-quickbooks": (
        "a person changed the bill in QuickBooks",
        (
            "One of the boxes that we filled is another one now, so what the source says since is not written over it. "
            "Compare both, and mend the bill in QuickBooks or the invoice at the source."
        ),
    ),
    "missing-in-quickbooks": (
        "the bill is gone from QuickBooks",
        (
            "A person deleted it. It is reported, and neither changed nor sent again by itself. If it is still owed: "
            "connector review recreate INVOICE; if not: connector review accept INVOICE"
        ),
    ),
    "twice-in-quickbooks": (
        "QuickBooks has the bill twice",
        "The earliest is ours. Compare them and delete the other one in QuickBooks.",
    ),
    "entered-by-hand": (
        "the bill was there already",
        "Number, vendor, currency and total agree, without our mark: a person typed it. It is linked, none is made.",
    ),
    # What becomes of the payment of a bill.
    "waits-for-bill": (
        "the payment waits for its bill",
        "The bill is not in QuickBooks yet; its own line says why. When it is there, the same run pays it.",
    ),
    "bill-held": (
        "the bill gives pause, so it is not paid",
        (
            "Something about the bill in QuickBooks must be compared first. The reason quotes it; the payment follows. "
            "Or the payment was recorded on an earlier bill of the invoice: this one is not paid again by itself."
        ),
    ),
    "part-paid": (
        "something hangs on the bill already",
        (
            "A part of it is paid, or another document is linked to it. The connector pays whole bills only. Pay the "
            "rest in QuickBooks, or take back there what hangs on the bill, and run again."
        ),
    ),
    "paid-by-hand": (
        "the bill was paid already",
        (
            "Nothing is owed on it in QuickBooks, and the payment is not the connector's: a person recorded it. It is "
            "linked, none is made. A payment of several bills is no single bill's, so nothing is linked then."
        ),
    ),
    "not-paid-here": (
        "no payment is recorded",
        "The source says paid no longer, the mapping records no payments, or there is no bill that could be paid.",
    ),
    "vendor-shared": (
        "two payees reach the same vendor",
        f"The vendor's name is bound to the first payee that reached it. Say who the second one is. {_ROW}",
    ),
    "vendor-renamed": (
        "a payee has a new name",
        (
            "It was bound to a vendor under the old one. Say whether it is still that vendor, by writing the old name, "
            f"or another one. {_ROW}"
        ),
    ),
    "vendor-renamed-in-quickbooks": (
        "the payee's vendor has another name in QuickBooks now",
        (
            "The mapping gives the name that the vendor had when the payee was last billed, and QuickBooks knows that "
            "vendor under another one. No second vendor is made. Write the new name in the table, or give the vendor "
            f"its old name back in QuickBooks. {_ROW}"
        ),
    ),
    "vendor-currency": (
        "the vendor is kept in another currency",
        "QuickBooks gives each vendor one currency for good. Add a row with a vendor of the invoice's currency.",
    ),
    "vendor-not-made": (
        "the vendor could not be made",
        (
            "QuickBooks' answer was lost. A later run looks for the vendor by name: found, its bills go on; not found, "
            "and settle_after is over, the same request goes out again."
        ),
    ),
    "answer-differs": (
        "QuickBooks booked another total or tax than we meant",
        "The bill is there and is not sent again. Compare it in QuickBooks; most often a tax code rounds differently.",
    ),
    "answer-of-another": (
        "QuickBooks answered with another document",
        "What came back is not what was sent. It is held; look at both.",
    ),
}

EXIT_CODES: Final = """Exit codes

    0  done, or nothing to do (held for review alone is not an error)
    1  a fault of ours (a bug); the message says where the trace is
    2  wrong use of the command
    3  settings, mapping or saved plan not valid, or the state newer or damaged;
       for what it concerns nothing was written
    4  sign-in needed: QuickBooks' (or it refuses the app), or a source's key refused
    5  a service is down, limiting us, or answered what we cannot read; disk full;
       nothing advanced, run again
    6  finished, but some documents are refused, blocked, still unknown, or their answer differs
    7  another run holds the lock; nothing done
    8  stopped by a limit; nothing written
   10  differences: reconcile has a row of family differ or one-side,
       or plan --detailed-exitcode has work
  130  interrupted (Ctrl-C)
  143  terminated (SIGTERM; the daemon stops with 0)

A run over several sources ends with the first that applies of 1 7 8 3 4 5 6 10."""
