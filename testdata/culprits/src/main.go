// Culprits runs one of some small programs, the one that its argument names.
package main

import (
	"fmt"
	"os"
)

func main() {
	programs := map[string]func(){
		"ledger-currency": postEntries, "ledger-account": transferFunds, "ledger-rounding": splitBill,
		"ledger-window": lastStatements, "ledger-refund": refundOrder, "ledger-audit": auditTrail,
		"sched-worker": runShift, "sched-parent": walkTasks, "sched-callback": fireTimers,
		"sched-ring": nextSlot, "sched-done": stopTwice, "sched-quota": sharePerWorker,
		"sched-label": tagJobs, "sched-handler": dispatchSignal, "sched-owner": releaseLease,
		"view-layout": renderPage, "view-cell": fillTable, "view-theme": pickColor,
		"view-header": parseHeaders, "view-slice": pageOf, "view-plugin": loadPlugin,
		"view-cast": describeShape, "view-cursor": moveCursor, "view-template": nestedTemplate,
		"fleet-license": fleetLicense, "fleet-empty": fleetEmpty, "fleet-stops": fleetStops, "fleet-average": fleetAverage,
		"sensor-hook": sensorHook, "sensor-map": sensorMap, "sensor-unlock": sensorUnlock, "mirror-second": mirrorSecond,
		"mirror-typed": mirrorTyped, "matrix-trace": matrixTrace, "csv-decode": csvDecode, "csv-quotes": csvQuotes,
		"client-backoff": clientBackoff, "client-failed": clientFailed, "row-number": rowNumber, "queue-zero": queueZero,
		"broker-closed": brokerClosed, "chunk-tail": chunkTail, "grant-role": grantRole,
	}
	run := programs[os.Args[len(os.Args)-1]]
	if run == nil {
		fmt.Println("usage: culprits NAME")
		os.Exit(2)
	}
	run()
}
