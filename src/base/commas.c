/* SPDX-License-Identifier: PostgreSQL */
#include "base/commas.h"

#include <string.h>

static const char blanks[] = " \t\r\n";

char *commas_next(char **rest)
{
	char *item;

	while ((item = strsep(rest, ",")) != NULL) {
		size_t len;

		item += strspn(item, blanks);
		len = strlen(item);
		while (len > 0 && strchr(blanks, item[len - 1]) != NULL)
			item[--len] = '\0';
		if (len > 0)
			return item;
	}
	return NULL;
}
