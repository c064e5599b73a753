// A fleet takes the whole machine for a while: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// Signals, file modes, mosquitto and avahi.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
