/* SPDX-License-Identifier: PostgreSQL */
/*
 * nodns: a DNS as a test wants it, by LD_PRELOAD. NODNS names a file with these lines:
 *
 *   name address address …   the addresses of the name
 *   name hangs               getaddrinfo() returns only after the line has changed
 *   name gone                EAI_AGAIN
 *
 * The real getaddrinfo() resolves names that are not in the file.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int lookup_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* What the file says of a name, in line. NULL: nothing. */
static char *find(const char *name, char *line, size_t size)
{
	const char *path = getenv("NODNS");
	FILE *file = name == NULL || path == NULL ? NULL : fopen(path, "r");
	size_t len = name == NULL ? 0 : strlen(name);
	char *found = NULL;

	while (file != NULL && found == NULL && fgets(line, (int)size, file) != NULL)
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			found = line + len + 1;
	if (file != NULL)
		fclose(file);
	if (found != NULL)
		found[strcspn(found, "\n")] = '\0';
	return found;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret_found)
{
	lookup_fn *real = (lookup_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
	char line[1000], *rest = find(name, line, sizeof(line)), *address;

	if (rest == NULL)
		return real(name, service, hints, ret_found);
	while (rest != NULL && strcmp(rest, "hangs") == 0) {
		usleep(20000);
		rest = find(name, line, sizeof(line));
	}
	if (rest == NULL || strcmp(rest, "gone") == 0)
		return EAI_AGAIN;
	while ((address = strsep(&rest, " ")) != NULL) {
		int error = real(address, service, hints, ret_found);

		if (error != 0)
			return error;
		while (*ret_found != NULL)
			ret_found = &(*ret_found)->ai_next;
	}
	return 0;
}
