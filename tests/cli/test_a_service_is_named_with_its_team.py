"""Who names a service that there is not is told what would have been right, in the words of their own command."""

import pytest

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.gitops.services import ServiceName, meant_service

THERE = [ServiceName("pay", "checkout"), ServiceName("shop", "cart"), ServiceName("shop", "checkout")]


@pytest.mark.parametrize(
    ("name", "team", "hint"),
    [
        ("chekout", None, "did you mean `checkout`?"),
        ("pay/chekout", None, "did you mean `pay/checkout`?"),
        ("chekout", "pay", "did you mean `checkout`?"),
        ("cart", "pay", "did you mean `--team shop`?"),
        ("pay/cart", None, "did you mean `shop/cart`?"),
        ("checkout", "sales", "did you mean `--team pay` or `--team shop`?"),
        ("pay/checkout", "shop", "did you mean `pay/checkout` or `shop/checkout`?"),
        ("checkout", None, "say which: `pay/checkout`, `shop/checkout`"),
        ("zzz", "shop", "there are: shop/cart, shop/checkout"),
        ("zzz", "sales", "there are: pay/checkout, shop/cart, shop/checkout"),
        ("", None, "there are: pay/checkout, shop/cart, shop/checkout"),
    ],
)
def test_the_hint_is_what_to_write(name, team, hint):
    with pytest.raises(AtmosError) as stop:
        meant_service(THERE, name, team=team)
    (found,) = stop.value.diagnostics
    assert (found.code, found.hint) == (Code.SERVICE_UNKNOWN, hint)


@pytest.mark.parametrize(
    ("name", "team"), [("cart", None), ("shop/cart", None), ("cart", "shop"), ("shop/cart", "shop")]
)
def test_it_is_found_by_each_of_its_names(name, team):
    assert meant_service(THERE, name, team=team) == ("shop", "cart")


def test_an_empty_repo_says_so():
    with pytest.raises(AtmosError, match="there is no service `cart` in this repo") as stop:
        meant_service((), "cart")
    assert stop.value.diagnostics[0].hint == "there are: none yet"
