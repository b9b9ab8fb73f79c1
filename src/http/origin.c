/* SPDX-License-Identifier: PostgreSQL */
#include "http/origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/head.h"

/* An origin in its parts, as they stand in the text. */
struct parts {
	struct text scheme, host, port; /* a host of "[::1]" has its brackets */
	bool has_port;
	const char *rest; /* what follows */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_host_character(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* --- its parts --- */

static size_t host_len(const char *host)
{
	size_t len = strcspn(host, host[0] == '[' ? "]/?#" : ":/?#");

	return len + (host[0] == '[' && host[len] == ']');
}

/* False if there is no scheme. */
static bool cut(const char *text, struct parts *ret_parts)
{
	const char *host = strstr(text, "://"), *end;

	if (host == NULL || host == text)
		return false;
	*ret_parts = (struct parts){.scheme = {text, (size_t)(host - text)}};
	host += 3;
	ret_parts->host = (struct text){host, host_len(host)};
	end = host + ret_parts->host.len;
	ret_parts->has_port = *end == ':';
	end += ret_parts->has_port;
	ret_parts->port = (struct text){end, ret_parts->has_port ? strcspn(end, "/?#") : 0};
	ret_parts->rest = end + ret_parts->port.len;
	return true;
}

static bool is_scheme(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_letter(t.bytes[i]) &&
		    (i == 0 || !(is_host_character(t.bytes[i]) || strchr("+.", t.bytes[i]))))
			return false;
	return memchr(t.bytes, '_', t.len) == NULL;
}

/* Its number, or 0 if it is none. */
static long port_of(struct text t)
{
	char digits[8];
	size_t len = t.len < sizeof(digits) ? t.len : 0;

	snprintf(digits, sizeof(digits), "%.*s", (int)len, t.bytes);
	return strspn(digits, "0123456789") == len && len > 0 && atol(digits) <= 65535
		       ? atol(digits)
		       : 0;
}

/* Labels joined by dots, of which none is empty. */
static bool is_labels(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_host_character(t.bytes[i]) &&
		    (t.bytes[i] != '.' || i == 0 || t.bytes[i - 1] == '.'))
			return false;
	return t.len > 0 && t.bytes[t.len - 1] != '.';
}

/* --- what can never match --- */

static const char *fault_of_v6(struct text t)
{
	static const char fault[] = "its address is not as browsers write it, such as [::1]";
	char text[INET6_ADDRSTRLEN], written[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (t.len < 4 || t.len - 2 >= sizeof(text) || t.bytes[t.len - 1] != ']')
		return fault;
	snprintf(text, sizeof(text), "%.*s", (int)t.len - 2, t.bytes + 1);
	if (inet_pton(AF_INET6, text, &address) != 1 ||
	    inet_ntop(AF_INET6, &address, written, sizeof(written)) == NULL)
		return fault;
	/* Browsers write no dots, but the C library does. */
	return strchr(written, '.') == NULL && strcasecmp(written, text) != 0 ? fault : NULL;
}

/* A host whose last label is a number is an address (URL standard 3.5). */
static bool is_address(struct text t)
{
	const char *dot = memrchr(t.bytes, '.', t.len);

	for (size_t i = dot == NULL ? 0 : (size_t)(dot + 1 - t.bytes); i < t.len; i++)
		if (t.bytes[i] < '0' || t.bytes[i] > '9')
			return false;
	return true;
}

static const char *fault_of_v4(struct text t)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;

	snprintf(text, sizeof(text), "%.*s", (int)t.len, t.bytes);
	return t.len < sizeof(text) && inet_pton(AF_INET, text, &address) == 1
		       ? NULL
		       : "its address is not as browsers write it, such as 127.0.0.1";
}

static const char *fault_of_name(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if ((unsigned char)t.bytes[i] >= 0x80)
			return "browsers send such a host in ASCII, as xn--…";
		if (!is_host_character(t.bytes[i]) && t.bytes[i] != '.')
			return "its host has a character that no host has";
	}
	if (!is_labels(t))
		return "its host has an empty part";
	return is_address(t) ? fault_of_v4(t) : NULL;
}

/* "localhost" has no dot either, but nobody else's hosts are below it. */
static const char *fault_of_starred(struct text t)
{
	const char *fault = fault_of_name(t);

	if (fault != NULL)
		return fault;
	if (is_address(t))
		return "no host is below an address";
	if (memchr(t.bytes, '.', t.len) == NULL &&
	    (t.len != 9 || strncasecmp(t.bytes, "localhost", 9) != 0))
		return "it would allow hosts of everybody: name a domain below that one";
	return NULL;
}

static const char *fault_of_host(struct text t)
{
	if (t.len == 0)
		return "it has no host";
	if (memchr(t.bytes, '@', t.len) != NULL)
		return "an origin has no user";
	if (t.bytes[0] == '[')
		return fault_of_v6(t);
	if (memchr(t.bytes, '*', t.len) == NULL)
		return fault_of_name(t);
	if (t.len < 3 || memcmp(t.bytes, "*.", 2) != 0 || memrchr(t.bytes + 1, '*', t.len - 1))
		return "a * stands for the first parts of a host only, as in https://*.example.com";
	return fault_of_starred((struct text){t.bytes + 2, t.len - 2});
}

/* What is said of a text that is not one scheme with one host. */
static const char *fault_of_whole(const char *text)
{
	if (strcmp(text, "*") == 0)
		return "cookies go along, so name each origin, or those of a domain as "
		       "https://*.example.com";
	if (strcasecmp(text, "null") == 0)
		return "pages of anybody can have this origin";
	if (strpbrk(text, " \t") != NULL)
		return "origins are joined by commas";
	return strlen(text) > ORIGIN_MAX ? "it is longer than any origin" : NULL;
}

static const char *fault_of(const char *text, struct parts *ret_parts)
{
	const char *fault = fault_of_whole(text);

	if (fault != NULL)
		return fault;
	if (!cut(text, ret_parts))
		return "it has no scheme, such as https://";
	if (!is_scheme(ret_parts->scheme))
		return "its scheme is none";
	if (ret_parts->rest[0] != '\0' && strcmp(ret_parts->rest, "/") != 0)
		return "an origin has no path, only scheme, host and port";
	fault = fault_of_host(ret_parts->host);
	if (fault == NULL && ret_parts->has_port && port_of(ret_parts->port) == 0)
		return "its port is not a number from 1 to 65535";
	return fault;
}

/* --- the form of browsers --- */

static bool is_own_port(struct text scheme, long port)
{
	return (port == 80 && scheme.len == 4 && strncasecmp(scheme.bytes, "http", 4) == 0) ||
	       (port == 443 && scheme.len == 5 && strncasecmp(scheme.bytes, "https", 5) == 0);
}

const char *origin_normalise(char *text)
{
	struct parts parts;
	const char *fault = fault_of(text, &parts);
	size_t len;
	long port;

	if (fault != NULL)
		return fault;
	len = (size_t)(parts.host.bytes + parts.host.len - text);
	port = port_of(parts.port);
	if (parts.has_port && !is_own_port(parts.scheme, port))
		len += (size_t)snprintf(text + len, parts.port.len + 2, ":%ld", port);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	return NULL;
}

/* --- what browsers send --- */

/* `below` is ".example.com:8443". */
static bool is_below(const char *host, const char *below)
{
	size_t len = strlen(host), most = strlen(below);

	return len > most && strcasecmp(host + len - most, below) == 0 &&
	       is_labels((struct text){host, len - most});
}

/* Origins are compared whole, because a prefix or suffix would let others in. */
bool origin_matches(const char *allowed, const char *origin)
{
	const char *star = strstr(allowed, "://*.");
	size_t scheme;

	if (strlen(origin) > ORIGIN_MAX)
		return false;
	if (star == NULL)
		return strcasecmp(allowed, origin) == 0;
	scheme = (size_t)(star + 3 - allowed);
	return strncasecmp(allowed, origin, scheme) == 0 && is_below(origin + scheme, star + 4);
}

bool origin_fields_good(const char *names)
{
	size_t len = strlen(names);

	if (len > ORIGIN_FIELDS_MAX)
		return false;
	for (const char *p = names;; p++) {
		size_t name;

		p += strspn(p, " \t");
		name = head_token_len((struct text){p, strlen(p)});
		p += name;
		p += strspn(p, " \t");
		if (name == 0 || (*p != ',' && *p != '\0'))
			return false;
		if (*p == '\0')
			return true;
	}
}
