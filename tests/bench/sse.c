/* SPDX-License-Identifier: PostgreSQL */
#include "sse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Keeps bytes of a line whose end is still to come. */
static void keep(struct sse *s, const char *bytes, size_t len)
{
	if (len == 0)
		return;
	s->rest = realloc(s->rest, s->rest_len + len);
	if (s->rest == NULL)
		abort();
	memcpy(s->rest + s->rest_len, bytes, len);
	s->rest_len += len;
}

/* The next whole line, and *p is then what follows it. NULL: there is none before end, and what
 * there is has been kept. */
static char *next_line(struct sse *s, char **p, char *end)
{
	char *line = *p, *stop = memchr(line, '\n', (size_t)(end - line));

	*p = stop == NULL ? end : stop + 1;
	if (stop == NULL) {
		keep(s, line, (size_t)(end - line));
		return NULL;
	}
	*stop = '\0';
	if (s->rest_len == 0)
		return line;
	keep(s, line, (size_t)(stop + 1 - line));
	s->rest_len = 0;
	return s->rest;
}

static char *take_head(struct sse *s, char *p, char *end)
{
	char *line;

	while ((line = next_line(s, &p, end)) != NULL) {
		if (s->status == 0)
			s->status = strlen(line) > 9 ? atoi(line + 9) : -1;
		else if (strncasecmp(line, "Transfer-Encoding: chunked", 26) == 0)
			s->chunked = true;
		else if (strcmp(line, "\r") == 0) {
			s->state = s->chunked ? SSE_SIZE : SSE_BODY;
			return p;
		}
	}
	return p;
}

/* The size of a chunk, in a line of its own. Before it comes the line end of the chunk before. */
static char *take_size(struct sse *s, char *p, const char *end)
{
	for (; p < end; p++) {
		if (isxdigit((unsigned char)*p)) {
			int value = isdigit((unsigned char)*p) ? *p - '0' : (*p | 0x20) - 'a' + 10;

			s->left = s->left * 16 + (size_t)value;
			s->digits = true;
		} else if (*p == '\n' && s->digits) {
			s->digits = false;
			s->state = s->left > 0 ? SSE_BODY : SSE_ENDED;
			return p + 1;
		}
	}
	return p;
}

static char *take_body(struct sse *s, char *p, char *end, sse_line_fn *on_line, void *whose)
{
	char *line, *begin = p;

	if (s->chunked && (size_t)(end - p) > s->left)
		end = p + s->left;
	while (p < end && (line = next_line(s, &p, end)) != NULL)
		on_line(whose, line);
	if (s->chunked && (s->left -= (size_t)(p - begin)) == 0)
		s->state = SSE_SIZE;
	return p;
}

void sse_take(struct sse *s, char *bytes, size_t len, sse_line_fn *on_line, void *whose)
{
	char *p = bytes, *end = bytes + len;

	while (p < end && s->state != SSE_ENDED) {
		if (s->state == SSE_HEAD)
			p = take_head(s, p, end);
		else if (s->state == SSE_SIZE)
			p = take_size(s, p, end);
		else
			p = take_body(s, p, end, on_line, whose);
	}
}

void sse_free(struct sse *s)
{
	free(s->rest);
	memset(s, 0, sizeof(*s));
}
