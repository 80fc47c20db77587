"""One file of Django, as strict with hosts as in production."""

import dj_database_url
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["shop.example.com"],
    DATABASES={"default": dj_database_url.config()},
    DEBUG=False,
    ROOT_URLCONF=__name__,
    SECRET_KEY="of-a-test",
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    SECURE_SSL_REDIRECT=True,
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
)


def ok(request):
    return HttpResponse("ok")


def work(request):
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        return HttpResponse(f"works as {cursor.fetchone()[0]}")


urlpatterns = [path("healthz", ok), path("readyz", ok), path("work", work)]
application = get_wsgi_application()
