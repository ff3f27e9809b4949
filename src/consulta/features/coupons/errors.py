"""The errors of coupons."""

from consulta.kernel.errors import Conflict, Invalid, NotFound, RateLimited


class CouponNotFound(NotFound):
    """There is no coupon with this code here."""

    code = "COUPON_NOT_FOUND"


class CouponNotYetValid(Conflict):
    """The coupon is not valid yet."""

    code = "COUPON_NOT_YET_VALID"


class CouponExpired(Conflict):
    """The coupon is not valid any more."""

    code = "COUPON_EXPIRED"


class CouponNotApplicable(Conflict):
    """The coupon does not lower this price: the session is free, or in another currency."""

    code = "COUPON_NOT_APPLICABLE"


class CouponMinimumNotReached(Conflict):
    """The session costs less than the coupon asks for."""

    code = "COUPON_MINIMUM_NOT_REACHED"


class CouponUsedUp(Conflict):
    """The coupon was used as often as it may be."""

    code = "COUPON_USED_UP"


class CouponUsedByYou(Conflict):
    """You used the coupon as often as one person may."""

    code = "COUPON_USED_BY_YOU"


class CouponCodeTaken(Conflict):
    """There is a coupon with this code already: change that one, or make it active again."""

    code = "COUPON_CODE_TAKEN"
    constraint = "uq_coupons_specialist_id_code"


class TooManyCoupons(Conflict):
    """There are as many active coupons as there may be: end one first."""

    code = "TOO_MANY_COUPONS"


class CouponCurrencyMismatch(Invalid):
    """The minimum has the currency of the coupon; one without a currency was made for all."""

    code = "COUPON_CURRENCY_MISMATCH"


class InvalidCouponPeriod(Invalid):
    """A coupon is valid from some time until a later one."""

    code = "INVALID_COUPON_PERIOD"
    constraint = "ck_coupons_valid"


COUPON_ERRORS = (
    CouponNotFound,
    CouponNotYetValid,
    CouponExpired,
    CouponNotApplicable,
    CouponMinimumNotReached,
    CouponUsedUp,
    CouponUsedByYou,
    RateLimited,
)
"""Everything that a code can be refused for, wherever it is typed."""

ADD_ERRORS = (CouponCodeTaken, TooManyCoupons, InvalidCouponPeriod)
CHANGE_ERRORS = (CouponNotFound, TooManyCoupons, CouponCurrencyMismatch, InvalidCouponPeriod)
