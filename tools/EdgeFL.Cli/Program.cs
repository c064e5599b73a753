Console.Error.WriteLine("cli"); return 0;
