/* SPDX-License-Identifier: PostgreSQL */
#include "provider/address.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"

/* The part of a URL, which the caller gives to curl_free. NULL if it has none. */
static char *part_of(CURLU *url, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK ? text : NULL;
}

/* The caller gives it to curl_url_cleanup. NULL if it cannot be read. */
static CURLU *read_url(const char *text)
{
	CURLU *url = curl_url();

	if (url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK)
		return url;
	curl_url_cleanup(url);
	return NULL;
}

/* By its name, or by its number. A name that only DNS leads here may lead elsewhere tomorrow. */
static bool is_this_machine(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && host[strspn(host, "0123456789.")] == '\0');
}

static const char *find_fault(CURLU *url)
{
	char *scheme = part_of(url, CURLUPART_SCHEME), *host = part_of(url, CURLUPART_HOST),
	     *user = part_of(url, CURLUPART_USER), *fragment = part_of(url, CURLUPART_FRAGMENT);
	const char *fault = NULL;

	if (scheme == NULL || host == NULL || host[0] == '\0')
		fault = "is no URL";
	else if (user != NULL || fragment != NULL)
		fault = "has a user or a fragment (@, #), and keys need none";
	else if (strcmp(scheme, "http") == 0 && !is_this_machine(host))
		fault = "is not https: others could put their own keys in place of these";
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		fault = "is not https";
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(fragment);
	return fault;
}

const char *address_fault(const char *text)
{
	const char *host = strstr(text, "://");
	/* libcurl would take a third slash for none. */
	bool usable = host != NULL && host[3] != '/' && strlen(text) <= ADDRESS_MAX;
	CURLU *url = usable ? read_url(text) : NULL;
	const char *fault = url == NULL ? "is no URL" : find_fault(url);

	curl_url_cleanup(url);
	return fault;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *of_a = part_of(a, part), *of_b = part_of(b, part);
	bool same = of_a != NULL && of_b != NULL && strcasecmp(of_a, of_b) == 0;

	curl_free(of_a);
	curl_free(of_b);
	return same;
}

bool address_same_origin(const char *a, const char *b)
{
	CURLU *of_a = read_url(a), *of_b = read_url(b);
	bool same = of_a != NULL && of_b != NULL && same_part(of_a, of_b, CURLUPART_SCHEME) &&
		    same_part(of_a, of_b, CURLUPART_HOST) && same_part(of_a, of_b, CURLUPART_PORT);

	curl_url_cleanup(of_a);
	curl_url_cleanup(of_b);
	return same;
}

char *address_of_discovery(const char *issuer)
{
	size_t len = strlen(issuer);

	while (len > 0 && issuer[len - 1] == '/')
		len--;
	return xasprintf("%.*s/.well-known/openid-configuration", (int)len, issuer);
}
