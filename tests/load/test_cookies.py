from surefoot.toolbox.load.cookies import CookieJar


def jar(*lines: str) -> CookieJar:
    found = CookieJar()
    for line in lines:
        found.update(line)
    return found


def test_cookies_are_sent_back():
    assert jar("a=1; HttpOnly", "b=2; Secure; SameSite=Lax").header("/") == "a=1; b=2"


def test_the_last_value_counts():
    assert jar("a=1", "a=2").header("/") == "a=2"


def test_a_cookie_goes_to_its_path_only():
    found = jar("a=1; Path=/shop", "b=2; Path=/")
    assert found.header("/shop/cart?x=1") == "a=1; b=2"
    assert found.header("/shop") == "a=1; b=2"
    assert found.header("/shopping") == "b=2"


def test_a_cookie_is_deleted_by_age_or_date():
    assert jar("a=1", "a=; Max-Age=0").header("/") == ""
    assert jar("a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT").header("/") == ""
    assert jar("a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT").header("/") == "a=1"
    assert jar("a=1; Expires=whenever").header("/") == "a=1"


def test_a_value_may_hold_equals_signs():
    found = jar('token="a=b=="; Path=/')
    assert found.get("token") == '"a=b=="'
    assert found.get("other") is None
