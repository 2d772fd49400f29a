package io.embark.spark.executor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Things that are costly to open, shared by key: opened by whoever needs one first, closed when
 * nobody has used it for a while or when its group has too many, never while in use. Safe for use
 * by several threads; opening one does not hold up another.
 */
final class Leases<K, V> {
  private static final Logger LOG = LoggerFactory.getLogger(Leases.class);

  private final Function<K, ?> groupOf;
  private final int mostPerGroup;
  private final Duration idle;
  private final Consumer<V> close;
  private final LongSupplier nanoClock;

  /** Least recently used first. */
  private final Map<K, Slot<V>> slots = new LinkedHashMap<>(16, 0.75f, true);

  /** Its own lock guards the opening; the lock of the whole guards the rest. */
  private static final class Slot<V> {
    private volatile V value;
    private int users;
    private long idleSince;
  }

  /**
   * @param groupOf what shares one limit, e.g. the device
   * @param mostPerGroup how many are kept in a group, if no more are in use
   * @param close frees one, without a lock; what it fails on is logged and let go of
   */
  Leases(
      Function<K, ?> groupOf,
      int mostPerGroup,
      Duration idle,
      Consumer<V> close,
      LongSupplier nanoClock) {
    this.groupOf = groupOf;
    this.mostPerGroup = mostPerGroup;
    this.idle = idle;
    this.close = close;
    this.nanoClock = nanoClock;
  }

  /** Takes one, opening it if need be. Each call wants its {@link #release}, unless it throws. */
  V acquire(K key, Supplier<V> open) {
    Slot<V> slot;
    List<V> superfluous;
    synchronized (this) {
      slot = slots.computeIfAbsent(key, k -> new Slot<>());
      slot.users++;
      superfluous = takeSuperfluous();
    }
    try {
      // First the room, then the new one: a device may not hold both.
      closeEach(superfluous);
      synchronized (slot) {
        if (slot.value == null) {
          slot.value = open.get();
        }
        return slot.value;
      }
    } catch (RuntimeException | Error e) {
      release(key);
      throw e;
    }
  }

  void release(K key) {
    List<V> superfluous;
    synchronized (this) {
      Slot<V> slot = slots.get(key);
      if (slot == null) {
        // All were closed meanwhile.
        return;
      }
      slot.users--;
      slot.idleSince = nanoClock.getAsLong();
      if (slot.users == 0 && slot.value == null) {
        slots.remove(key);
      }
      superfluous = takeSuperfluous();
    }
    closeEach(superfluous);
  }

  void closeIdle() {
    List<V> idlers = new ArrayList<>();
    synchronized (this) {
      long now = nanoClock.getAsLong();
      for (Iterator<Slot<V>> all = slots.values().iterator(); all.hasNext(); ) {
        Slot<V> slot = all.next();
        if (slot.users == 0 && now - slot.idleSince >= idle.toNanos()) {
          idlers.add(slot.value);
          all.remove();
        }
      }
    }
    closeEach(idlers);
  }

  /** Closes all, those in use too. */
  void closeAll() {
    List<V> all;
    synchronized (this) {
      all = slots.values().stream().map(slot -> slot.value).filter(v -> v != null).toList();
      slots.clear();
    }
    closeEach(all);
  }

  /** One that cannot be closed is nobody's fault here, and no reason to keep the others. */
  private void closeEach(List<V> values) {
    for (V value : values) {
      try {
        close.accept(value);
      } catch (RuntimeException e) {
        LOG.warn("Could not close {}", value, e);
      }
    }
  }

  /** Number of those that are open or being opened. */
  synchronized int size() {
    return slots.size();
  }

  private List<V> takeSuperfluous() {
    Map<Object, Integer> counts = new HashMap<>();
    slots.keySet().forEach(key -> counts.merge(groupOf.apply(key), 1, Integer::sum));
    List<V> taken = new ArrayList<>();
    for (Iterator<Map.Entry<K, Slot<V>>> all = slots.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<K, Slot<V>> entry = all.next();
      Object group = groupOf.apply(entry.getKey());
      if (entry.getValue().users == 0 && counts.get(group) > mostPerGroup) {
        counts.merge(group, -1, Integer::sum);
        taken.add(entry.getValue().value);
        all.remove();
      }
    }
    return taken;
  }
}
