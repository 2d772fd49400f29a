package io.embark.analysis.compare;

import io.embark.analysis.compare.HtmlReport.Html;
import io.embark.analysis.measure.Interval;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Charts as inline SVG, coloured by the page's style sheet. */
final class Charts {
  private static final int WIDTH = 720;
  private static final int NAMES = 190;
  private static final double CHARACTER = 7.3;
  private static final int FIGURES = 70;
  private static final int ROW = 24;
  private static final int BAR_WIDTH = 4;
  private static final int HISTOGRAM = 90;

  private Charts() {}

  /** A dot for each candidate, best first, a line for its interval. */
  static Html intervals(Ranking ranking) {
    Measure measure = ranking.measure();
    List<Ranking.Place> places =
        ranking.places().stream().filter(p -> Double.isFinite(p.figure().value())).toList();
    Axis axis = Axis.of(places.stream().map(Ranking.Place::figure).toList());
    int height = ROW * places.size() + 30;
    Html svg =
        new Html()
            .add(
                "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
                WIDTH, height, measure.title);
    for (double tick : axis.ticks()) {
      svg.add(
          "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>",
          axis.x(tick), axis.x(tick), height - 24);
      svg.add(
          "<text class=\"tick\" x=\"%.1f\" y=\"%d\">%s</text>",
          axis.x(tick), height - 8, axis.label(tick * measure.scale(), measure.scale()));
    }
    for (int i = 0; i < places.size(); i++) {
      addInterval(svg, axis, ROW * i + ROW / 2 + 2, places.get(i));
    }
    return svg.add("</svg>");
  }

  private static void addInterval(Html svg, Axis axis, int y, Ranking.Place place) {
    Figure figure = place.figure();
    Measure measure = figure.measure();
    Interval span = span(figure);
    String name = figure.candidate().name();
    String value = measure.print(figure.value());
    svg.add(
        "<g class=\"%s\"><title>%s %s %s</title>",
        place.beyondNoise() ? "worse" : "alike", name, value, measure.print(span));
    svg.add("<text class=\"name\" x=\"0\" y=\"%d\">%s</text>", y + 4, name);
    svg.add(
        "<line class=\"span\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>",
        axis.x(span.low()), axis.x(span.high()), y, y);
    svg.add("<circle cx=\"%.1f\" cy=\"%d\" r=\"4.5\"/>", axis.x(figure.value()), y);
    svg.add("<text class=\"value\" x=\"%d\" y=\"%d\">%s</text></g>", WIDTH, y + 4, value);
  }

  private static Interval span(Figure figure) {
    return figure
        .interval()
        .filter(Interval::isFinite)
        .orElse(new Interval(figure.value(), figure.value()));
  }

  /** The number of pairs of texts by their cosine, from -1 to 1. */
  static Html histogram(Neighbours.Found found) {
    long most = Math.max(1, Arrays.stream(found.histogram()).max().orElse(1));
    int bars = found.histogram().length;
    int width = bars * BAR_WIDTH;
    Html svg = new Html();
    svg.add(
        "<svg class=\"histogram\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"cosines of %s\">",
        width, HISTOGRAM + 18, found.candidate().name());
    for (int bar = 0; bar < bars; bar++) {
      long count = found.histogram()[bar];
      double height = (double) HISTOGRAM * count / most;
      if (count > 0) {
        svg.add(
            "<rect x=\"%d\" y=\"%.2f\" width=\"%d\" height=\"%.2f\">",
            bar * BAR_WIDTH, HISTOGRAM - height, BAR_WIDTH, height);
        svg.add(
            "<title>%.3f to %.3f: %,d pairs</title></rect>",
            2.0 * bar / bars - 1, 2.0 * (bar + 1) / bars - 1, count);
      }
    }
    svg.add(
        "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>",
        width, HISTOGRAM, HISTOGRAM);
    for (double tick : new double[] {-1, -0.5, 0, 0.5, 1}) {
      svg.add(
          "<text class=\"tick\" style=\"text-anchor:%s\" x=\"%.1f\" y=\"%d\">%.1f</text>",
          tick == -1 ? "start" : tick == 1 ? "end" : "middle",
          (tick + 1) / 2 * width,
          HISTOGRAM + 14,
          tick);
    }
    return svg.add("</svg>");
  }

  /** Places of values between the names, which end at {@code left}, and the figures. */
  private record Axis(double low, double high, double left) {
    static Axis of(List<Figure> figures) {
      double low = figures.stream().mapToDouble(f -> span(f).low()).min().orElse(Double.NaN);
      double high = figures.stream().mapToDouble(f -> span(f).high()).max().orElse(Double.NaN);
      int longest = figures.stream().mapToInt(f -> f.candidate().name().length()).max().orElse(0);
      double margin = Math.max((high - low) * 0.05, 1e-6);
      double left = Math.min(WIDTH / 2.0, Math.max(NAMES, longest * CHARACTER));
      return new Axis(low - margin, high + margin, left);
    }

    double x(double value) {
      return left + (value - low) / (high - low) * (WIDTH - left - FIGURES);
    }

    /** Round numbers, about five. */
    double[] ticks() {
      double step = step();
      int first = (int) Math.ceil(low / step);
      int last = (int) Math.floor(high / step);
      double[] ticks = new double[Math.max(0, last - first + 1)];
      Arrays.setAll(ticks, i -> (first + i) * step);
      return ticks;
    }

    private double step() {
      double rough = (high - low) / 5;
      double power = Math.pow(10, Math.floor(Math.log10(rough)));
      double lead = rough / power;
      return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    }

    String label(double value, double scale) {
      int digits = (int) Math.max(0, -Math.floor(Math.log10(step() * scale * 1.0001)));
      return String.format(Locale.ROOT, "%." + digits + "f", value + 0.0);
    }
  }
}
