"""The errors of packages."""

from consulta.kernel.errors import Conflict, Invalid, NotFound


class PackageNotFound(NotFound):
    """There is no such package, or it is not offered any more."""

    code = "PACKAGE_NOT_FOUND"


class PackageNotFree(Invalid):
    """What is discounted by 100 percent costs nothing."""

    code = "PACKAGE_NOT_FREE"
    constraint = "ck_booking_packages_discount"


class TooManyPackages(Conflict):
    """There are as many active packages as any specialist may offer."""

    code = "TOO_MANY_PACKAGES"


class PackagesNotAdded(Invalid):
    """Some of the packages cannot be added, so none was: `errors` names them by their index."""

    code = "PACKAGES_NOT_ADDED"


class CannotBuyFromYourself(Invalid):
    """You cannot buy your own package."""

    code = "CANNOT_BUY_FROM_YOURSELF"


class PackagePurchaseNotFound(NotFound):
    """There is no such purchase, or it is not yours to see."""

    code = "PACKAGE_PURCHASE_NOT_FOUND"


class PackageNotUnpaid(Conflict):
    """The purchase does not wait for a payment."""

    code = "PACKAGE_NOT_UNPAID"


class PackageNotValid(Conflict):
    """The purchase is not paid, has expired or was refunded."""

    code = "PACKAGE_NOT_VALID"


class CreditForAnotherRate(Conflict):
    """The credits of this purchase are for another kind of session."""

    code = "CREDIT_FOR_ANOTHER_RATE"


class NoCreditsLeft(Conflict):
    """No credit of this purchase is left."""

    code = "NO_CREDITS_LEFT"
    constraint = "ck_package_purchases_credits"


class NothingToRefund(Conflict):
    """No unused credit of this purchase is left to be refunded."""

    code = "NOTHING_TO_REFUND"


CREDIT_ERRORS = (PackagePurchaseNotFound, PackageNotValid, CreditForAnotherRate, NoCreditsLeft)
"""Everything that paying with a credit can be refused for."""
