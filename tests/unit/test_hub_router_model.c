/* SPDX-License-Identifier: PostgreSQL */
/* Random events and subscribers, and a model that goes through all events for each question. */
#include "hub/router.h"

#include "model.h"

#define EVENTS 6000
#define SUBSCRIBERS 12
#define USERS 5
#define ROLES 3

/* Sets of users and roles as bits. */
struct people {
	uint32_t users, roles;
};

struct happened {
	struct cursor at;
	int topic, name;
	struct people audience, unless;
	bool everyone;
	size_t len;
};

enum match { NOTHING, USER, USER_AND_ROLE };

static const char *const topics[] = {"orders", "stock"};
static const char *const names[] = {"insert", "update", "left", "bulk"};
static const struct shape {
	const char *path, *topics, *match, *events;
	enum match by;
	enum frame_format format;
	uint32_t topic_set, name_set; /* of the tables above */
} shapes[] = {
	{"/all", "orders", NULL, NULL, NOTHING, FRAME_NAMED, 1, 15},
	{"/mine", "orders", "user_id", NULL, USER, FRAME_NAMED, 1, 15},
	{"/both", "orders,stock", "user_id,role", NULL, USER_AND_ROLE, FRAME_NAMED, 3, 15},
	{"/some", "stock,orders", "user_id", "insert", USER, FRAME_MESSAGE, 3, 13},
};

struct client {
	struct taker taker;
	const struct shape *shape; /* NULL: not open */
	struct people wanted;
};

static struct happened events[EVENTS];
static size_t event_count, checked;
static struct client clients[SUBSCRIBERS];

static bool meets(const struct shape *shape, struct people wanted, struct people audience)
{
	return shape->by == NOTHING ||
	       ((wanted.users & audience.users) != 0 &&
		(shape->by == USER || (wanted.roles & audience.roles) != 0));
}

static bool model_sees(const struct client *c, const struct happened *h)
{
	bool has_unless = (h->unless.users | h->unless.roles) != 0;

	if ((c->shape->topic_set >> h->topic & 1) == 0 || (c->shape->name_set >> h->name & 1) == 0)
		return false;
	if (h->everyone)
		return true;
	return meets(c->shape, c->wanted, h->audience) &&
	       !(has_unless && meets(c->shape, c->wanted, h->unless));
}

static void check(struct client *c)
{
	struct buf expected;

	buf_init(&expected);
	for (size_t i = c->taker.since; i < event_count; i++)
		if (model_sees(c, &events[i]))
			expect(&c->taker, c->shape->format, &events[i].at, names[events[i].name],
			       events[i].len, &expected);
	checked += compare(&c->taker, &expected, event_count);
	buf_release(&expected);
}

static size_t put_keys(struct text *items, struct people p)
{
	static const struct text users[USERS] = {T("user_id=0"), T("user_id=1"), T("user_id=2"),
						 T("user_id=33"), T("user_id=3")};
	static const struct text roles[ROLES] = {T("role=a"), T("role=b"), T("role=")};
	size_t count = 0;

	for (size_t i = 0; i < ROLES; i++)
		if (p.roles >> i & 1)
			items[count++] = roles[i];
	items[count++] = T("user=1"); /* nobody's key */
	for (size_t i = 0; i < USERS; i++)
		if (p.users >> i & 1)
			items[count++] = users[i];
	return count;
}

static struct people some_people(void)
{
	return (struct people){below(1 << USERS) & below(1 << USERS),
			       below(1 << ROLES) & below(1 << ROLES)};
}

/* Short, long, or too long; not so long that it is too long only where two formats are in the
 * record. */
static size_t some_length(void)
{
	if (below(200) == 0)
		return sharedlog_record_max(&router.log) + below(50000);
	return below(20) == 0 ? below(60000) : below(300);
}

static void publish(void)
{
	struct text audience[USERS + ROLES + 1], unless[USERS + ROLES + 1];
	struct happened *h = &events[event_count];
	struct event event;
	struct buf data;

	if (event_count == EVENTS)
		return;
	*h = (struct happened){.at = router.head,
			       .topic = (int)below(2),
			       .name = (int)below(4),
			       .audience = some_people(),
			       .everyone = below(40) == 0,
			       .len = some_length()};
	h->at.change = below(3) == 0 ? 1 : h->at.change + 1 + below(3);
	if (h->at.change == 1)
		h->at.tick += below(50) == 0 ? 1000
					     : 1; /* ids may jump: older cursors are held no more */
	if (h->name == 2)
		h->unless = some_people();
	event_count++;
	buf_init(&data);
	write_data(&data, h->len);
	event = (struct event){.at = h->at,
			       .topic = text_of(topics[h->topic]),
			       .name = text_of(names[h->name]),
			       .audience = {audience, put_keys(audience, h->audience)},
			       .everyone = h->everyone,
			       .data = {data.data, data.len}};
	if ((h->unless.users | h->unless.roles) != 0)
		event.unless = (struct keys){unless, put_keys(unless, h->unless)};
	router_publish(&router, &event);
	buf_release(&data);
}

static void leave(struct client *c)
{
	check(c);
	subscriber_leave(&c->taker.sub);
	c->shape = NULL;
}

static void send_to(struct client *c)
{
	if (take_some(&c->taker))
		check(c);
	else
		leave(c);
}

/* Opens behind any event, also one that the log does not have any more. */
static void open_client(struct client *c)
{
	struct text keys[USERS + ROLES + 1];
	size_t back = below(4) == 0 ? below(1000) : below(30), since;

	begin(&c->taker);
	c->shape = &shapes[below(ARRAY_SIZE(shapes))];
	c->wanted = some_people();
	join(&router, &c->taker.sub, c->shape->path,
	     (struct keys){keys, put_keys(keys, c->wanted)});
	for (uint32_t n = below(3); n > 0; n--) /* it waits for a while */
		publish();
	since = event_count - (back < event_count ? back : event_count);
	go_live(&c->taker, since, since > 0 ? events[since - 1].at : router.head, event_count);
}

static void step(void)
{
	struct client *c = &clients[below(SUBSCRIBERS)];
	uint32_t what = below(100);

	if (what < 40) {
		for (uint32_t n = below(5); n > 0; n--)
			publish();
	} else if (what < 45 && c->shape != NULL) {
		leave(c);
	} else if (c->shape == NULL) {
		open_client(c);
	} else {
		send_to(c);
	}
	take_touched();
}

static void run(uint32_t with_seed)
{
	seed = with_seed;
	event_count = 0;
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct stream_def defs[ARRAY_SIZE(shapes)];

		for (size_t d = 0; d <= i; d++) { /* one more each time, those before stay */
			defs[d] = make_def(shapes[d].path, shapes[d].topics, shapes[d].match,
					   shapes[d].events);
			defs[d].format = shapes[d].format;
		}
		define(&router, defs, i + 1);
	}
	while (event_count < EVENTS)
		step();
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		while (clients[i].shape != NULL && clients[i].taker.sub.pending)
			send_to(&clients[i]);
		if (clients[i].shape != NULL)
			leave(&clients[i]);
	}
	assert_true(router.log.head > router.log.cap);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		assert_int_equal(stream_at(&router, shapes[i].path)->index.count, 0);
	router_release(&router);
}

TEST(everyone_gets_the_bytes_that_a_naive_model_says_and_no_others)
{
	log_setup(LOG_ERROR, false);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		buf_init(&clients[i].taker.got);
	for (uint32_t with_seed = 1; with_seed <= TIMES(25); with_seed++)
		run(with_seed * 20261122);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		buf_release(&clients[i].taker.got);
	/* else this proves little */
	assert_true(resumed > TIMES(100) && fallen > TIMES(10) && checked > TIMES(1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyone_gets_the_bytes_that_a_naive_model_says_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
