"""``connector help mapping``: the language of mappings on two screens."""

from typing import Final

__all__ = ["MAPPING"]

MAPPING: Final = """The mapping file: how an invoice of one source becomes a bill in QuickBooks

  source: cake                             which source it is for

  take:                                    every value must stand in one list or the other;
    invoice_status: [Approved, Paid]       a word in neither list holds the invoice
  leave:
    invoice_status: [Pending, Void]

  tables:                                  CSV files beside the mapping
    vendors: {file: cake.vendors.csv, match: affiliate_id}

  bill:                                    left: the box on the bill; right: what goes in it
    vendor:   <vendors.vendor or affiliate_name>
    number:   CAKE-<invoice_id>            21 characters at most
    date:     <invoice_date>
    currency: <currency>
    memo:     CAKE invoice <invoice_id>, approved <date_approved as d mmm yyyy>

  lines:
    - account:     <vendors.account or "Affiliate payouts">
      amount:      <total_payout>
      description: Payout, <invoice_date as mmmm yyyy>

  check:
    net: <total_payout>                    the lines must add up to this, or nothing is sent

Filling in
  <name>                  a field of the invoice, or table.column
  <a or b or "text">      the first that has a value; or "" says that empty is fine
  <date + 14 days>        days are added or taken off
  <date as d mmm yyyy>    d dd mmm mmmm mm yy yyyy, with space , . / - between
  <<                      a plain <
  A placeholder that ends without a value holds the invoice.

Tables
  The row is chosen by the match column or columns, exactly, capitals included. A row whose
  key is * serves every key without a row of its own. A key that stands twice is a fault.

Boxes
  bill     vendor number date due terms currency memo ap_account location
           amounts are: exclusive of tax | inclusive of tax | out of scope of tax
  line     account item quantity amount share description class customer tax
  payment  account date number memo       (account: a bank or credit card account; without date:
           the day that the source tells, or on which it was first seen to say paid)
  Needed: vendor, number, date, currency, and one line with account (or item) and amount.
  Accounts, classes and terms are named as QuickBooks shows them: Affiliate payouts:US.
  share: 70% on every line splits one amount; the shares add up to 100%.

Policy (optional; what is left out has the first answer, amount above has no limit)
  policy:
    vendor not in QuickBooks:  hold                   | create
    amount above:              25,000.00
    zero amount:               skip                   | hold
    negative amount:           hold                   | credit
    books closed:              hold                   | next open day
    invoice paid at source:    ignore                 | record payment
    invoice changed later:     hold                   | update
    invoice voided later:      hold                   | delete | credit

Examples (run by connector check)
  examples:
    - name: an approved payout
      given: examples/cake-10042.json
      expect:
        vendor: MediaBridge Partners LLC
        total:  4,825.50

Everything is read as text: NO stays NO, 0412 stays 0412. Write quotes round a text that holds
" #" or ": ". It calculates nothing, includes nothing and has no conditions: tables decide.

Next: connector check"""
