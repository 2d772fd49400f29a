package io.embark.table;

import java.util.function.Consumer;

/**
 * The steps of locking and publishing. After each of them a run may die, and whoever takes the lock
 * next has to make it good; tests let runs die at every one.
 */
enum Step {
  /** The lock's file names this run. */
  LOCK_TAKEN,
  /** The lock was taken from a run that is gone. */
  LOCK_BROKEN,
  /** The sign of life is deleted, the lock is not released. */
  BEAT_DELETED,
  LOCK_RELEASED,
  /** From here on the version will come. */
  PLAN_WRITTEN,
  SUCCESS_DELETED,
  /** One staged file is in its place. */
  FILE_MOVED,
  /** From here on the version is the current one. */
  SNAPSHOT_WRITTEN,
  RUN_WRITTEN,
  /** One receipt is there. */
  RECEIPT_WRITTEN,
  /** One file that the version no longer has is gone. */
  FILE_DELETED,
  SUCCESS_WRITTEN,
  /** Nobody will carry out the plan again. */
  PLAN_DELETED,
  STAGING_DELETED;

  private static volatile Consumer<Step> watcher = step -> {};

  /** Says that the step was done. */
  void done() {
    watcher.accept(this);
  }

  /** Has somebody told of each step, in the thread that does it; for tests. */
  static void watch(Consumer<Step> told) {
    watcher = told;
  }
}
