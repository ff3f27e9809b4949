"""Who lives in the sample world: invented people, each as small as can be told."""

from dataclasses import dataclass

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class Rate:
    """A bookable kind of session; the price in minor units, no length: that of the slots."""

    kind: str
    name: str
    price_minor: int
    currency: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """`mon-fri` or `sat`, on the specialist's clock."""

    days: str
    starts_at: str
    ends_at: str
    slot_minutes: int = 30
    buffer_minutes: int = 0
    most_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Differs:
    """A date so many days ahead that differs: away all day, away for hours, or open at others."""

    in_days: int
    reason: str
    starts_at: str | None = None
    ends_at: str | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """A specialist: page, rates, week and the dates that differ."""

    name: str
    email: str
    phone: str
    zone: str
    headline: str
    bio: str
    specialties: tuple[str, ...]
    languages: tuple[str, ...]
    qualifications: tuple[str, ...]
    rates: tuple[Rate, ...]
    week: tuple[Hours, ...]
    differs: tuple[Differs, ...] = ()
    policy: str = "standard"
    notice_minutes: int = 0
    is_auto_confirming: bool = False


def _two(
    price: int, followup: int, currency: str, *, minutes: int | None = None
) -> tuple[Rate, ...]:
    return (
        Rate("standard", "Consultation", price, currency, minutes),
        Rate("followup", "Follow-up", followup, currency, minutes),
    )


SARAH = Sample(
    name="Dr. Sarah Ahmed",
    email="dr.sarah@aisurgeonpilot.com",
    phone="+971501234567",
    zone="Asia/Dubai",
    headline="Consultant cardiologist",
    bio="Heart failure, rhythm disorders and prevention. Sessions take place by video (Zoom).",
    specialties=("Cardiology", "Internal Medicine"),
    languages=("English", "Arabic", "Urdu"),
    qualifications=("Board certification in cardiology", "Fellowship in heart failure"),
    rates=_two(20_000, 15_000, "USD"),
    week=(Hours("mon-fri", "09:00", "17:00"),),
)

OTHERS = (
    Sample(
        name="Dr. Prakash Shrestha",
        email="prakash.shrestha@example.org",
        phone="+9779800000001",
        zone="Asia/Kathmandu",
        headline="Family doctor for mountain villages",
        bio="General practice by video for families far from a clinic, altitude medicine included.",
        specialties=("General Practice", "Travel Medicine"),
        languages=("Nepali", "English", "Hindi"),
        qualifications=("MBBS", "Diploma in mountain medicine"),
        rates=_two(250_000, 150_000, "NPR", minutes=20),
        week=(Hours("sun-thu", "07:15", "12:15", 20, 5), Hours("fri", "08:00", "11:00", 20, 5)),
        differs=(Differs(9, "training"),),
        policy="flexible",
    ),
    Sample(
        name="Grace Holloway, LMFT",
        email="grace.holloway@example.org",
        phone="+12125550101",
        zone="America/New_York",
        headline="Couples and family therapist",
        bio="Talking when talking has become hard: couples, parents, blended families.",
        specialties=("Couples Therapy", "Family Therapy"),
        languages=("English", "Spanish"),
        qualifications=("Licensed marriage and family therapist",),
        rates=_two(18_000, 18_000, "USD", minutes=50),
        week=(Hours("mon-thu", "12:00", "20:00", 50, 10, 6),),
        differs=(Differs(12, "conference"), Differs(16, "personal", "12:00", "15:00")),
        policy="strict",
        notice_minutes=720,
    ),
    Sample(
        name="Jonas Reuter",
        email="jonas.reuter@example.org",
        phone="+4930555010",
        zone="Europe/Berlin",
        headline="Mathematics tutor, school to first university year",
        bio="Patient explanations, honest feedback, and no fear of fractions.",
        specialties=("Mathematics", "Physics"),
        languages=("German", "English"),
        qualifications=("M.Sc. Mathematics", "State teaching examination"),
        rates=(
            Rate("standard", "Lesson", 4_500, "EUR", 45),
            Rate("followup", "Homework check", 2_500, "EUR", 20),
            Rate("exam", "Mock examination", 9_000, "EUR", 90),
        ),
        week=(Hours("mon-fri", "15:00", "19:30", 45), Hours("sat", "10:00", "14:00", 45)),
        policy="flexible",
        is_auto_confirming=True,
    ),
    Sample(
        name="Dr. Mia Callaghan",
        email="mia.callaghan@example.org",
        phone="+61255500101",
        zone="Australia/Sydney",
        headline="Dermatologist",
        bio="Skin checks by photograph and video; surgery only where it is needed.",
        specialties=("Dermatology",),
        languages=("English",),
        qualifications=("Fellow of the college of dermatologists",),
        rates=_two(22_000, 14_000, "AUD"),
        week=(Hours("tue-fri", "08:30", "16:30", 30, 5),),
        differs=(Differs(8, "vacation"), Differs(9, "vacation")),
    ),
    Sample(
        name="Haruto Nishimura",
        email="haruto.nishimura@example.org",
        phone="+81355500101",
        zone="Asia/Tokyo",
        headline="Interview coach for engineers",
        bio="Mock interviews in Japanese and English, with notes you can work with.",
        specialties=("Career Coaching", "Software Engineering"),
        languages=("Japanese", "English"),
        qualifications=("Fifteen years of hiring engineers",),
        rates=(
            Rate("standard", "Mock interview", 12_000, "JPY", 60),
            Rate("followup", "Review", 6_000, "JPY", 30),
        ),
        week=(Hours("mon-fri", "19:00", "24:00", 60), Hours("sun", "10:00", "18:00", 60)),
    ),
    Sample(
        name="Wanjiru Kamau",
        email="wanjiru.kamau@example.org",
        phone="+254205550101",
        zone="Africa/Nairobi",
        headline="Nutritionist for endurance sport",
        bio="Eating for long distances, on an ordinary budget.",
        specialties=("Nutrition", "Sports Medicine"),
        languages=("Swahili", "English", "Kikuyu"),
        qualifications=("B.Sc. Nutrition and dietetics",),
        rates=_two(450_000, 300_000, "KES"),
        week=(Hours("mon-sat", "06:00", "10:00"), Hours("mon-wed", "17:00", "20:00")),
        policy="flexible",
    ),
    Sample(
        name="Dra. Beatriz Moura",
        email="beatriz.moura@example.org",
        phone="+551155500101",
        zone="America/Sao_Paulo",
        headline="Psychologist, anxiety and sleep",
        bio="Cognitive behavioural therapy in short, planned courses.",
        specialties=("Psychology", "Sleep"),
        languages=("Portuguese", "Spanish", "English"),
        qualifications=("Registered psychologist", "Specialist in sleep psychology"),
        rates=_two(28_000, 22_000, "BRL", minutes=50),
        week=(
            Hours("mon-fri", "08:00", "12:00", 50, 10),
            Hours("tue-thu", "14:00", "18:00", 50, 10),
        ),
        differs=(Differs(10, "personal", "08:00", "10:00"),),
    ),
    Sample(
        name="Ananya Sen",
        email="ananya.sen@example.org",
        phone="+913355500101",
        zone="Asia/Kolkata",
        headline="Tax adviser for freelancers",
        bio="Invoices, advance tax and letters from the office, explained in plain words.",
        specialties=("Tax", "Accounting"),
        languages=("Bengali", "Hindi", "English"),
        qualifications=("Chartered accountant",),
        rates=_two(350_000, 200_000, "INR", minutes=40),
        week=(Hours("mon-fri", "10:30", "18:30", 40, 5, 8),),
        notice_minutes=120,
    ),
    Sample(
        name="Oliver Whitcombe",
        email="oliver.whitcombe@example.org",
        phone="+442075550101",
        zone="Europe/London",
        headline="Employment solicitor",
        bio="Settlement agreements, dismissals and contracts, in one frank conversation.",
        specialties=("Employment Law",),
        languages=("English", "French"),
        qualifications=("Solicitor of England and Wales",),
        rates=_two(19_000, 12_000, "GBP", minutes=45),
        week=(Hours("mon-thu", "09:30", "17:00", 45, 15),),
        policy="no_refund",
        notice_minutes=1_440,
    ),
    Sample(
        name="Dr. Yousef Al-Mutairi",
        email="yousef.almutairi@example.org",
        phone="+96525550101",
        zone="Asia/Kuwait",
        headline="Paediatrician",
        bio="From the first fever to the last growth spurt.",
        specialties=("Paediatrics",),
        languages=("Arabic", "English"),
        qualifications=("Board certification in paediatrics",),
        rates=_two(25_500, 15_250, "KWD", minutes=20),
        week=(Hours("sun-thu", "16:00", "21:00", 20),),
        differs=(Differs(11, "other", "10:00", "13:00", is_open=True),),
    ),
    Sample(
        name="Camille Girard",
        email="camille.girard@example.org",
        phone="+33155501010",
        zone="Europe/Paris",
        headline="French for daily life",
        bio="Conversation first, grammar when you ask for it.",
        specialties=("French", "Language Teaching"),
        languages=("French", "English", "Italian"),
        qualifications=("M.A. French as a foreign language",),
        rates=_two(3_200, 3_200, "EUR", minutes=45),
        week=(Hours("mon-fri", "07:00", "09:15", 45), Hours("mon-thu", "18:00", "21:00", 45)),
        policy="flexible",
        is_auto_confirming=True,
    ),
    Sample(
        name="Marisol Etcheverry",
        email="marisol.etcheverry@example.org",
        phone="+14155550101",
        zone="America/Los_Angeles",
        headline="Physiotherapist",
        bio="Backs, knees, shoulders: a programme that fits between two meetings.",
        specialties=("Physiotherapy", "Sports Medicine"),
        languages=("English", "Spanish", "Basque"),
        qualifications=("Doctor of physical therapy",),
        rates=_two(14_000, 9_500, "USD", minutes=40),
        week=(Hours("mon-fri", "07:30", "15:30", 40, 5),),
        differs=(Differs(13, "sick_leave"),),
    ),
)

SPECIALISTS = (SARAH, *OTHERS)
CLIENT = ("Maya Lindqvist", "maya.lindqvist@example.org", "Europe/Stockholm")
ADMIN = ("Noor Haddad", "noor.haddad@example.org", "UTC")
