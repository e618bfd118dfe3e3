"""The active currencies of ISO 4217 (SIX, list one, as of 2026-01), with their minor digits where those are not two."""

from decimal import Decimal

_ACTIVE = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
CODES = frozenset(_ACTIVE.split())
_DIGITS = dict.fromkeys(_WHOLE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)


def shown(value: Decimal, currency: str) -> str:
    """The amount as its currency writes it: ``1,204.50 USD``; an amount finer than the currency keeps its digits."""
    digits = _DIGITS.get(currency, 2)
    exact = value.normalize()
    finer = max(digits, -int(exact.as_tuple().exponent)) if isinstance(exact.as_tuple().exponent, int) else digits
    return f"{value:,.{finer}f} {currency}".strip()


def digits_of(currency: str) -> int:
    """The currency's minor digits."""
    return _DIGITS.get(currency, 2)
