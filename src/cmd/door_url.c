/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/door_url.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/commas.h"
#include "base/xalloc.h"

void door_url_set(CURL *curl, const char *addresses, const char *path)
{
	char *copy = xstrdup(addresses), *rest = copy, *first = commas_next(&rest);
	const char *colon = first == NULL ? NULL : strrchr(first, ':');
	bool is_unix = first != NULL && strncmp(first, "unix:", 5) == 0,
	     is_any = colon == first || (first != NULL && strncmp(first, "*:", 2) == 0);
	char *url = xasprintf("http://%s%s%s", is_unix || is_any ? "localhost" : first,
			      !is_unix && is_any && colon != NULL ? colon : "", path);

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, is_unix ? first + 5 : NULL);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	free(url);
	free(copy);
}
