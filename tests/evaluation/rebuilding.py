"""Screens of a release made again, and what differs from what was kept."""

from evaluation.exports.rebuild import rebuild, rebuild_one


def one(out, judgment):
    return rebuild_one(out, str(judgment.public_id))


def reasons(out):
    return [difference.reason for difference in rebuild(out).differences]
