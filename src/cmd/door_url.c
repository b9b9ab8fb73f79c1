/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/door_url.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/commas.h"
#include "base/xalloc.h"
#include "http/listening.h"

void door_url_set(CURL *curl, const char *addresses, const char *path)
{
	char *copy = xstrdup(addresses), *rest = copy, *first = commas_next(&rest);
	const char *socket = first == NULL ? NULL : listening_path(first),
		   *port = first == NULL ? NULL : strrchr(first, ':');
	bool is_any = port == first || (first != NULL && strncmp(first, "*:", 2) == 0);
	char *url = xasprintf("http://%s%s%s", socket != NULL || is_any ? "localhost" : first,
			      socket == NULL && is_any && port != NULL ? port : "", path);

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	free(url);
	free(copy);
}

void door_url_set_at(CURL *curl, const char *base, const char *addresses, const char *path)
{
	char *url;

	if (base == NULL) {
		door_url_set(curl, addresses, path);
		return;
	}
	url = xasprintf("%s%s", base, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	free(url);
}
