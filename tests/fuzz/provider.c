/* SPDX-License-Identifier: PostgreSQL */
/* What an identity provider answers, and where it is said to be. A document gives one address that
 * keys may come from, or a reason. A list of providers gives sources with such addresses only. */
#include <stdlib.h>

#include "provider/address.h"
#include "provider/discovery.h"
#include "provider/fetch.h"
#include "provider/providers.h"

#include "fuzz.h"

static void check_document(const char *bytes, size_t len)
{
	const char *why = NULL;
	char *url = discovery_read(bytes, len, "https://a", &why);

	MUST((url == NULL) == (why != NULL));
	MUST(url == NULL || address_fault(url) == NULL);
	free(url);
}

static void check_sources(const char *oidc, const char *jwks)
{
	struct provider_sources s;
	size_t unbound = 0;
	struct buf why;

	buf_init(&why);
	if (!provider_sources_read(oidc, jwks, &s, &why))
		MUST(why.len > 0);
	else
		for (size_t i = 0; i < s.count; i++) {
			const struct provider_source *one = &s.items[i];

			MUST(one->issuer != NULL || one->url != NULL);
			MUST(address_fault(one->url != NULL ? one->url : one->issuer) == NULL);
			unbound += one->issuer == NULL;
		}
	MUST(unbound <= 1 && s.count <= PROVIDERS_MAX);
	provider_sources_release(&s);
	buf_release(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	check_document((const char *)data, size);
	check_sources(text, NULL);
	check_sources(NULL, text);
	MUST(fetch_read_max_age(text) >= -1);
	MUST(address_same_origin(text, text) || address_fault(text) != NULL);
	free(text);
	return 0;
}
