/* SPDX-License-Identifier: PostgreSQL */
#include "http/accept.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SPACE " \t"

/*
 * The end of the piece that begins here. It is one of `ends` outside a quoted string, or the NUL.
 */
static const char *skip_piece(const char *at, const char *ends)
{
	bool quoted = false;

	for (; *at != '\0' && (quoted || strchr(ends, *at) == NULL); at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (quoted && *at == '\\' && at[1] != '\0')
			at++;
	}
	return at;
}

/* "0.5" as 500. -1 if it is no quality (RFC 9110 12.4.2). */
static int read_quality(const char *text, size_t len)
{
	int quality = 0, digits = 3;

	if (len == 0 || len > 5 || (text[0] != '0' && text[0] != '1') ||
	    (len > 1 && text[1] != '.'))
		return -1;
	quality = text[0] - '0';
	for (size_t i = 2; i < len; i++, digits--) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		quality = quality * 10 + text[i] - '0';
	}
	while (digits-- > 0)
		quality *= 10;
	return quality > 1000 ? -1 : quality;
}

/* One member of the list. It has a name, and perhaps a quality among its parameters. */
struct member {
	const char *name;
	size_t len;
	int quality;
};

static void read_parameter(struct member *m, const char *text, const char *end)
{
	text += strspn(text, SPACE);
	while (end > text && strchr(SPACE, end[-1]) != NULL)
		end--;
	if (end - text >= 2 && (text[0] == 'q' || text[0] == 'Q') && text[1] == '=')
		m->quality = read_quality(text + 2, (size_t)(end - text - 2));
}

/* Reads the next member of the list and returns where it ends. NULL if there is none. */
static const char *next_member(const char *at, struct member *ret_member)
{
	const char *end;

	at += strspn(at, SPACE ",");
	if (*at == '\0')
		return NULL;
	end = skip_piece(at, ";,");
	*ret_member = (struct member){at, (size_t)(end - at), 1000};
	while (ret_member->len > 0 && strchr(SPACE, at[ret_member->len - 1]) != NULL)
		ret_member->len--;
	while (*end == ';') {
		const char *parameter = end + 1;

		end = skip_piece(parameter, ";,");
		read_parameter(ret_member, parameter, end);
	}
	return end;
}

static bool is(const struct member *m, const char *name)
{
	return strlen(name) == m->len && strncasecmp(m->name, name, m->len) == 0;
}

static int exactness(const struct member *m, const char *type)
{
	size_t kind = strcspn(type, "/") + 1;

	if (is(m, type))
		return 3;
	if (m->len == kind + 1 && m->name[kind] == '*' && strncasecmp(m->name, type, kind) == 0)
		return 2;
	return is(m, "*/*") ? 1 : 0;
}

void accept_read(struct accept *a, const char *value)
{
	static const char *const names[ACCEPT_TYPES] = {"text/event-stream", "application/x-ndjson",
							"application/json"};
	struct member m;

	while ((value = next_member(value, &m)) != NULL) {
		for (int type = 0; type < ACCEPT_TYPES && m.quality >= 0; type++) {
			int exact = exactness(&m, names[type]);

			if (exact > a->types[type].exact) {
				a->types[type].exact = exact;
				a->types[type].quality = m.quality;
			}
		}
	}
}

void accept_read_encoding(struct accept *a, const char *value)
{
	struct member m;

	while ((value = next_member(value, &m)) != NULL) {
		if (m.quality < 0)
			continue;
		if (is(&m, "gzip") || is(&m, "x-gzip"))
			a->gzip.named = true, a->gzip.quality = m.quality;
		else if (is(&m, "identity"))
			a->identity.named = true, a->identity.quality = m.quality;
	}
}

enum accept_type accept_choose(const struct accept *a)
{
	enum accept_type best = ACCEPT_EVENTS;

	for (int type = ACCEPT_EVENTS + 1; type < ACCEPT_TYPES; type++) {
		int more = a->types[type].quality - a->types[best].quality;

		if (more > 0 || (more == 0 && a->types[type].quality > 0 &&
				 a->types[type].exact > a->types[best].exact))
			best = (enum accept_type)type;
	}
	return best;
}

bool accept_gzip(const struct accept *a)
{
	return a->gzip.named && a->gzip.quality > 0 &&
	       (!a->identity.named || a->gzip.quality >= a->identity.quality);
}
