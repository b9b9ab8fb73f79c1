/* SPDX-License-Identifier: PostgreSQL */
/*
 * chance.h: numbers that differ from process to process and from call to call, from the kernel: so
 * that instances that lost the same thing at the same moment do not come back in step. They keep
 * nothing secret (base/secret.h does).
 */
#ifndef BASE_CHANCE_H
#define BASE_CHANCE_H

int chance_up_to(int most); /* from 0 to most, each as likely as the others; most: not negative */

#endif
