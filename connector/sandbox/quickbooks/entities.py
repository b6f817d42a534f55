"""
What QuickBooks knows of each entity: its properties (Finance.xsd), limits, enumerations, and what queries may ask.

An unknown property is refused with 2010, so these lists are the border between a field that works and a typing error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Shape:
    """One complex type: the Java class that 2010 names, and its properties; those with None are not looked into."""

    java_class: str
    properties: Mapping[str, "Shape | None"]


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: how it is called in JSON, in 2500's text, in which id sequence it counts, and its rules."""

    name: str
    shape: Shape
    element: str
    sequence: str
    transaction: bool = False
    read_only: bool = False
    name_property: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    filterable: frozenset[str] = frozenset()


def _shape(java_class: str, names: str, **inner: Shape) -> Shape:
    properties: dict[str, Shape | None] = {}
    for name in names.split():
        properties[name] = inner.get(name) or (REFERENCE if name.endswith("Ref") and name != "AttachableRef" else None)
    return Shape(java_class, MappingProxyType(properties))


REFERENCE = Shape("ReferenceType", MappingProxyType(dict.fromkeys(("value", "name", "type"))))

_BASE = "Id SyncToken MetaData CustomField AttachableRef domain status sparse"
_TRANSACTION = (
    f"{_BASE} DocNumber TxnDate DepartmentRef CurrencyRef ExchangeRate PrivateNote TxnStatus LinkedTxn "
    "Line TxnTaxDetail "
    "TxnSource TaxFormType TaxFormNum TransactionLocationType Tag TxnApprovalInfo RecurDataRef "
    "RecurringInfo ProjectRef "
    "TotalCostAmount HomeTotalCostAmount"
)
_PURCHASE = "VendorRef APAccountRef TotalAmt BillEmail ReplyEmail Memo GlobalTaxCalculation"

_ACCOUNT_DETAIL = _shape(
    "AccountBasedExpenseLineDetail",
    "CustomerRef ClassRef AccountRef BillableStatus MarkupInfo TaxAmount TaxCodeRef TaxInclusiveAmt",
)
_ITEM_DETAIL = _shape(
    "ItemBasedExpenseLineDetail",
    "ItemRef ClassRef UnitPrice UnitCostPrice RatePercent PriceLevelRef MarkupInfo Qty UOMRef ItemAccountRef "
    "InventorySiteRef TaxCodeRef TaxClassificationRef CustomerRef BillableStatus TaxInclusiveAmt",
)
_TAX_LINE_DETAIL = _shape(
    "TaxLineDetail",
    "TaxRateRef PercentBased TaxPercent NetAmountTaxable TaxInclusiveAmount OverrideDeltaAmount ServiceDate",
)
_LINKED = _shape("LinkedTxn", "TxnId TxnType TxnLineId")
_LINE = _shape(
    "Line",
    "Id LineNum Description Amount Received LinkedTxn DetailType CustomField LineEx ProjectRef "
    "CostAmount HomeCostAmount "
    "AccountBasedExpenseLineDetail ItemBasedExpenseLineDetail",
    AccountBasedExpenseLineDetail=_ACCOUNT_DETAIL,
    ItemBasedExpenseLineDetail=_ITEM_DETAIL,
    LinkedTxn=_LINKED,
)
_TAX_LINE = _shape("Line", "Id LineNum Description Amount DetailType TaxLineDetail", TaxLineDetail=_TAX_LINE_DETAIL)
_TAX_DETAIL = _shape(
    "TxnTaxDetail",
    "DefaultTaxCodeRef TxnTaxCodeRef TotalTax TaxReviewStatus TaxLine UseAutomatedSalesTax",
    TaxLine=_TAX_LINE,
)
_PAYMENT_LINE = _shape(
    "Line", "Id LineNum Description Amount LinkedTxn LineEx DetailType CustomField", LinkedTxn=_LINKED
)
_CHECK = _shape("BillPaymentCheck", "BankAccountRef PrintStatus CheckDetail PayeeAddr")
_CARD = _shape("BillPaymentCreditCard", "CCAccountRef CCDetail")

_EMAIL = _shape("EmailAddress", "Id Address Default Tag")
_NAME_BASE = (
    f"{_BASE} IntuitId Organization Title GivenName MiddleName FamilyName Suffix FullyQualifiedName "
    "CompanyName DisplayName "
    "PrintOnCheckName UserId Active V4IDPseudonym PrimaryPhone AlternatePhone Mobile Fax PrimaryEmailAddr WebAddr "
    "OtherContactInfo DefaultTaxCodeRef"
)
_VENDOR = _shape(
    "Vendor",
    f"{_NAME_BASE} ContactName AltContactName Notes BillAddr ShipAddr OtherAddr TaxCountry TaxIdentifier "
    "TaxIdEffectiveDate BusinessNumber ParentRef VendorTypeRef TermRef PrefillAccountRef Balance OpenBalanceDate "
    "CreditLimit AcctNum Vendor1099 T4AEligible T5018Eligible CurrencyRef TDSEnabled TDSEntityTypeId TDSSectionTypeId "
    "TDSThresholdApplicable TaxReportingBasis APAccountRef VendorEx GSTIN GSTRegistrationType HasTPAR "
    "VendorPaymentBankDetail Source BillRate CostRate",
    PrimaryEmailAddr=_EMAIL,
)
_CUSTOMER = _shape(
    "Customer",
    f"{_NAME_BASE} Taxable TaxExemptionReasonId BillAddr ShipAddr OtherAddr ContactName AltContactName Notes Job "
    "BillWithParent RootCustomerRef ParentRef Level CustomerTypeRef SalesTermRef SalesRepRef "
    "TaxGroupCodeRef TaxRateRef "
    "PaymentMethodRef CCDetail PriceLevelRef Balance OpenBalanceDate BalanceWithJobs CreditLimit AcctNum CurrencyRef "
    "OverDueBalance TotalRevenue TotalExpense PreferredDeliveryMethod ResaleNum JobInfo TDSEnabled CustomerEx "
    "SecondaryTaxIdentifier ARAccountRef PrimaryTaxIdentifier TaxExemptStatus ClientEntityId GSTIN "
    "GSTRegistrationType IsProject BusinessNumber",
    PrimaryEmailAddr=_EMAIL,
)
_EMPLOYEE = _shape(
    "Employee",
    f"{_NAME_BASE} EmployeeType EmployeeNumber SSN PrimaryAddr OtherAddr BillableTime BillRate CostRate "
    "BirthDate Gender "
    "HiredDate ReleasedDate UseTimeEntry EmployeeEx",
    PrimaryEmailAddr=_EMAIL,
)
_ITEM = _shape(
    "Item",
    f"{_BASE} Name Sku Description Active SubItem ParentRef Level FullyQualifiedName Taxable SalesTaxIncluded "
    "PercentBased UnitPrice RatePercent Type PaymentMethodRef UOMSetRef IncomeAccountRef PurchaseDesc "
    "PurchaseTaxIncluded PurchaseCost ExpenseAccountRef COGSAccountRef AssetAccountRef PrefVendorRef AvgCost "
    "TrackQtyOnHand QtyOnHand QtyOnPurchaseOrder QtyOnSalesOrder ReorderPoint ManPartNum DepositToAccountRef "
    "SalesTaxCodeRef PurchaseTaxCodeRef InvStartDate BuildPoint PrintGroupedItems SpecialItem SpecialItemType "
    "ItemGroupDetail ItemAssemblyDetail AbatementRate ReverseChargeRate ServiceType ItemCategoryType ItemEx "
    "TaxClassificationRef ClassRef Source",
)
_ACCOUNT = _shape(
    "Account",
    f"{_BASE} Name SubAccount ParentRef Description FullyQualifiedName AccountAlias TxnLocationType "
    "Active Classification "
    "AccountType AccountSubType AccountPurposes AcctNum AcctNumExtn BankNum OpeningBalance OpeningBalanceDate "
    "CurrentBalance CurrentBalanceWithSubAccounts CurrencyRef TaxAccount TaxCodeRef OnlineBankingEnabled FIName "
    "JournalCodeRef AccountEx",
)
_CLASS = _shape("Class", f"{_BASE} Name SubClass ParentRef FullyQualifiedName Active ClassEx")
_DEPARTMENT = _shape(
    "Department", f"{_BASE} Name SubDepartment ParentRef FullyQualifiedName Active Address DepartmentEx"
)
_TERM = _shape(
    "Term",
    f"{_BASE} Name Active Type DiscountPercent DueDays DiscountDays DayOfMonthDue DueNextMonthDays "
    "DiscountDayOfMonth SalesTermEx",
)
_TAX_CODE = _shape(
    "TaxCode",
    f"{_BASE} Name Description Active Hidden Taxable TaxGroup SalesTaxRateList PurchaseTaxRateList "
    "AdjustmentTaxRateList "
    "TaxCodeEx TaxCodeConfigType",
)
_TAX_RATE = _shape(
    "TaxRate",
    f"{_BASE} Name Description Active RateValue AgencyRef TaxReturnLineRef EffectiveTaxRate SpecialTaxType DisplayType "
    "TaxRateEx OriginalTaxRate",
)
_BILL = _shape(
    "Bill",
    f"{_TRANSACTION} {_PURCHASE} PayerRef SalesTermRef DueDate RemitToAddr ShipAddr VendorAddr Balance "
    "HomeBalance BillEx "
    "LessCIS IncludeInAnnualTPAR",
    Line=_LINE,
    LinkedTxn=_LINKED,
    TxnTaxDetail=_TAX_DETAIL,
)
_VENDOR_CREDIT = _shape(
    "VendorCredit",
    f"{_TRANSACTION} {_PURCHASE} Balance RemitToAddr ShipAddr VendorAddr VendorCreditEx IncludeInAnnualTPAR",
    Line=_LINE,
    LinkedTxn=_LINKED,
    TxnTaxDetail=_TAX_DETAIL,
)
_BILL_PAYMENT = _shape(
    "BillPayment",
    f"{_TRANSACTION} VendorRef APAccountRef PayType CheckPayment CreditCardPayment TotalAmt "
    "ProcessBillPayment BillPaymentEx",
    Line=_PAYMENT_LINE,
    LinkedTxn=_LINKED,
    CheckPayment=_CHECK,
    CreditCardPayment=_CARD,
)

_ATTACHED = _shape("AttachableRef", "EntityRef LineInfo IncludeOnSend Inactive NoRefOnly CustomField")
_ATTACHABLE = _shape(
    "Attachable",
    f"{_BASE} FileName FileAccessUri TempDownloadUri Size ContentType Category Lat Long PlaceName Note Tag "
    "ThumbnailFileAccessUri ThumbnailTempDownloadUri AttachableEx",
    AttachableRef=_ATTACHED,
)

_TRANSACTION_LIMITS = {"DocNumber": 21, "PrivateNote": 4000, "Line.Description": 4000}
_PERSON_LIMITS = {
    "DisplayName": 500,
    "CompanyName": 100,
    "GivenName": 100,
    "MiddleName": 100,
    "FamilyName": 100,
    "Title": 16,
    "Suffix": 16,
    "PrimaryEmailAddr.Address": 100,
    "PrimaryPhone.FreeFormNumber": 30,
    "AlternatePhone.FreeFormNumber": 30,
    "Mobile.FreeFormNumber": 30,
    "Fax.FreeFormNumber": 30,
    "AcctNum": 100,
    "TaxIdentifier": 20,
    "Notes": 1024,
    "BillAddr.Line1": 500,
    "BillAddr.Line2": 500,
}
_FILTERABLE = frozenset(
    "Id VendorRef DocNumber TxnDate DueDate TotalAmt APAccountRef SalesTermRef Balance "
    "MetaData.CreateTime MetaData.LastUpdatedTime".split()
)

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        Entity("Bill", _BILL, "Transactions", "transactions", True, limits=_TRANSACTION_LIMITS, filterable=_FILTERABLE),
        Entity(
            "VendorCredit",
            _VENDOR_CREDIT,
            "Transactions",
            "transactions",
            True,
            limits=_TRANSACTION_LIMITS,
            filterable=_FILTERABLE,
        ),
        Entity(
            "BillPayment",
            _BILL_PAYMENT,
            "Transactions",
            "transactions",
            True,
            limits=_TRANSACTION_LIMITS,
            filterable=_FILTERABLE,
        ),
        Entity("Vendor", _VENDOR, "Names", "names", name_property="DisplayName", limits=_PERSON_LIMITS),
        Entity("Customer", _CUSTOMER, "Names", "names", name_property="DisplayName", limits=_PERSON_LIMITS),
        Entity("Employee", _EMPLOYEE, "Names", "names", name_property="DisplayName", limits=_PERSON_LIMITS),
        Entity("Item", _ITEM, "Items", "items", name_property="Name", limits={"Name": 100}),
        Entity("Account", _ACCOUNT, "Accounts", "accounts", name_property="Name", limits={"Name": 100, "AcctNum": 7}),
        Entity("Class", _CLASS, "Klasses", "classes", name_property="Name", limits={"Name": 100}),
        Entity("Department", _DEPARTMENT, "Depts", "departments", name_property="Name", limits={"Name": 100}),
        Entity("Term", _TERM, "Terms", "terms", name_property="Name", limits={"Name": 31}),
        Entity("Attachable", _ATTACHABLE, "Attachables", "attachables", limits={"FileName": 1000, "Note": 2000}),
        Entity("TaxCode", _TAX_CODE, "TaxCodes", "tax codes", read_only=True, name_property="Name"),
        Entity("TaxRate", _TAX_RATE, "TaxRates", "tax rates", read_only=True, name_property="Name"),
    )
}

BY_PATH: dict[str, Entity] = {name.lower(): entity for name, entity in ENTITIES.items()}

PEOPLE = ("Vendor", "Customer", "Employee")

ENUMERATIONS: dict[str, frozenset[str]] = {
    "GlobalTaxCalculation": frozenset({"TaxInclusive", "TaxExcluded", "NotApplicable"}),
    "BillableStatus": frozenset({"Billable", "NotBillable", "HasBeenBilled"}),
    "PayType": frozenset({"Check", "CreditCard"}),
    "DetailType": frozenset({"AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"}),
}
